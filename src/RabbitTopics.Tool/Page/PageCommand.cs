using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RabbitTopics.Tool.Page;

/// <summary>Serves the page on which an operator sees queues and dead letters.</summary>
internal static class PageCommand
{
    private const int DefaultPort = 5680;
    private const int LargestRequestBody = 256 * 1024;

    public static Command Create()
    {
        var queues = new Argument<string[]>("QUEUE") { Description = "Queues of functions; with --management all of them where none is named.", Arity = ArgumentArity.ZeroOrMore };
        var port = new Option<int>("--port") { Description = "The port; 0 for a free one.", DefaultValueFactory = _ => DefaultPort };
        port.Validators.Add(result =>
        {
            if (result.GetValue(port) is < 0 or > ushort.MaxValue)
            {
                result.AddError($"--port is to be from 0 to {ushort.MaxValue}.");
            }
        });
        var listen = new Option<IPAddress>("--listen")
        {
            Description = $"The IP address that is listened on. Beyond loopback the page needs a token: that of the environment variable {PageGuard.TokenSetting}, else one that is made and printed.",
            DefaultValueFactory = _ => IPAddress.Loopback,
            CustomParser = result =>
            {
                if (IPAddress.TryParse(result.Tokens[0].Value, out var address))
                {
                    return address;
                }

                result.AddError($"'{result.Tokens[0].Value}' is not an IP address.");
                return null;
            },
        };
        var hosts = new Option<string[]>("--host") { Description = "A name by which browsers reach the page, beside IP addresses and localhost. Requests for other names are refused." };
        var command = new Command("ui", "Serves a page with the queues and their dead letters, until Ctrl-C.") { queues, port, listen, hosts };
        command.Validators.Add(result => QueueStates.Require(result, queues));
        command.SetAction((parsed, cancellationToken) => Session.RunAsync(parsed, async session =>
        {
            var guard = PageGuard.For(parsed.GetValue(listen)!, parsed.GetValue(hosts) ?? []);
            using var page = new PageServer(session, parsed.GetValue(queues) ?? [], cancellationToken);
            await using var app = Build(page, guard, parsed.GetValue(listen)!, parsed.GetValue(port));
            try
            {
                await app.StartAsync(cancellationToken);
            }
            catch (Exception exception) when (exception.GetBaseException() is SocketException cause)
            {
                throw new InvalidOperationException($"The page cannot be served at {parsed.GetValue(listen)}, port {parsed.GetValue(port)}: {cause.Message}. Choose others by --listen and --port.", exception);
            }

            var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
            Console.WriteLine($"The page of {session.Broker.Endpoint}: {guard.Address(address)}");
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await app.StopAsync(CancellationToken.None); // What was begun needs the session.
            return 0;
        }, cancellationToken));
        return command;
    }

    /// <summary>A server with nothing but what is said here: no settings of the environment, no files.</summary>
    private static WebApplication Build(PageServer page, PageGuard guard, IPAddress listen, int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestRequestBody;
            kestrel.Listen(listen, port);
        });
        builder.Services.AddRoutingCore();
        // What fails at the start is thrown, too.
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None).AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        var app = builder.Build();
        app.Use(guard.InvokeAsync);
        app.UseRouting();
        page.Map(app);
        return app;
    }
}
