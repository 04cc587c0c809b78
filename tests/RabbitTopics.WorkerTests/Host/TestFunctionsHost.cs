using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RabbitTopics.WorkerTests.Host;

/// <summary>A Functions host as far as its workers see one: it starts them, and speaks the public protocol with them. It has no triggers: the
/// tests say what it got from a broker.</summary>
public sealed class TestFunctionsHost : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly ConcurrentDictionary<string, HostedWorker> _workers = new();

    private TestFunctionsHost(WebApplication server)
    {
        _server = server;
        Address = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    /// <summary>Where its workers call.</summary>
    public Uri Address { get; }

    /// <summary>What its workers say of messages of our extension.</summary>
    public Settlements Settlements { get; private init; } = new();

    public static async Task<TestFunctionsHost> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = null); // As Microsoft's host has it.
        var workers = new EventStreams();
        builder.Services.AddSingleton(workers);
        var settlements = new Settlements();
        builder.Services.AddSingleton(settlements);
        var server = builder.Build();
        server.MapGrpcService<EventStreams>();
        server.MapGrpcService<Settlements>();
        await server.StartAsync();
        var host = new TestFunctionsHost(server) { Settlements = settlements };
        workers.Find = id => host._workers.GetValueOrDefault(id);
        return host;
    }

    /// <summary>Starts an app of this checkout as a worker of this host.</summary>
    /// <param name="project">The project's folder.</param>
    /// <param name="settings">The app's settings.</param>
    public HostedWorker StartWorker(string project, params IEnumerable<(string Name, string Value)> settings) => StartWorker(project, Address, settings);

    /// <summary>Starts an app as a worker of a host that may be somewhere else.</summary>
    public HostedWorker StartWorker(string project, Uri address, IEnumerable<(string Name, string Value)> settings)
    {
        var worker = HostedWorker.Start(project, address, settings);
        _workers[worker.Id] = worker;
        return worker;
    }

    /// <summary>Ends the host. Its workers end before it.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers.Values)
        {
            await worker.DisposeAsync();
        }

        await _server.StopAsync();
        await _server.DisposeAsync();
    }
}
