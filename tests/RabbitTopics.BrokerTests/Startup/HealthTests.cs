using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Startup;

/// <summary>What the function app tells an orchestrator of itself. On brokers of their own, as its queues have the demo's
/// names.</summary>
public sealed class HealthTests : IDisposable
{
    private readonly int _port = FreePort();
    private readonly HttpClient _http = new();

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task An_app_whose_broker_is_down_for_a_minute_says_so_and_consumes_within_ten_seconds_of_its_return()
    {
        await using var broker = await PrivateBroker.StartNewAndKillAsync();
        await using var app = Start(broker.Uri);
        await Wait.UntilAsync(async () => (await AskAsync("ready")).Text.Contains("rabbittopics: Unhealthy", StringComparison.Ordinal)
            || (app.HasExited ? throw new InvalidOperationException($"The app ended:\n{app.Output}") : false), "the app to be up");
        var clock = Stopwatch.StartNew();
        await Wait.UntilAsync(async () =>
        {
            var (status, text) = await AskAsync("ready");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            Assert.Contains("queue 'rabbitmqdemo_test' of 'HandlePerson' is not consumed: waiting for the broker at 127.0.0.1:", text, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.OK, (await AskAsync("live")).Status);
            Assert.False(app.HasExited);
            return clock.Elapsed > TimeSpan.FromSeconds(60);
        }, "the end of a minute", TimeSpan.FromSeconds(90));
        Assert.Equal(1, await ProbeAsync());

        await broker.StartAsync();
        clock.Restart();
        await Client.WaitForConsumersAsync(broker.Uri, "rabbitmqdemo_test", within: TimeSpan.FromSeconds(10));
        TestContext.Current.TestOutputHelper!.WriteLine($"consuming {clock.Elapsed.TotalSeconds:0.0} s after the broker answered");

        await Wait.UntilAsync(async () => await AskAsync("ready") is (HttpStatusCode.OK, "Healthy\n"), "the app to be ready");
        await Wait.UntilAsync(async () => await ProbeAsync() == 0, "the probe, which gives itself 5 s, to say so");
        Assert.Equal(0, await app.StopAsync());
    }

    [Fact]
    public async Task A_disabled_function_does_not_run_and_the_others_do()
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var app = Start(broker.Uri, ("AzureWebJobs__WatchEverything__Disabled", "true"), ("AzureWebJobs__PublishPerson__Disabled", "1"), ("AzureWebJobs__HandlePerson__Disabled", "false"));

        await app.WaitForOutputAsync("李四 on topic"); // Of the other timer function, every ten seconds.

        Assert.Contains("Function 'WatchEverything' is disabled by the setting 'AzureWebJobs.WatchEverything.Disabled'", app.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("张三", app.Output, StringComparison.Ordinal);
        Assert.False(await Client.QueueExistsAsync(broker.Uri, "rabbitmqdemo_watch"));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("ready")).Status);
    }

    [Fact]
    public async Task A_topic_that_comes_by_a_binding_of_an_earlier_subscription_is_said_with_what_removes_it()
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var app = Start(broker.Uri);
        await app.WaitForOutputAsync("张三 on topic test");
        await using var connection = await broker.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        Assert.DoesNotContain("asks for", app.Output, StringComparison.Ordinal);

        await channel.QueueBindAsync("rabbitmqdemo_test", "amq.topic", "renamed.#");
        await channel.BasicPublishAsync("amq.topic", "renamed.once", mandatory: true, """{"Id":1,"Name":"old"}"""u8.ToArray());

        await app.WaitForOutputAsync("Queue 'rabbitmqdemo_test' gets the topic 'renamed.once' from exchange 'amq.topic', which no [TopicSubscription] of 'HandlePerson' asks for");
        await app.WaitForOutputAsync("rabbitmqadmin delete binding source=amq.topic destination_type=queue destination=rabbitmqdemo_test");
    }

    [Fact]
    public async Task A_health_port_that_cannot_be_is_named()
    {
        await using var wrong = Start(new Uri("amqp://127.0.0.1:1"), ("RABBITTOPICS_HEALTH_PORT", "eighty"));
        Assert.Equal(1, await wrong.WaitForExitAsync());
        Assert.Contains("The setting 'RABBITTOPICS_HEALTH_PORT' is 'eighty'", wrong.Output, StringComparison.Ordinal);

        using var taken = new TcpListener(IPAddress.Any, _port);
        taken.Start();
        await using var second = Start(new Uri("amqp://127.0.0.1:1"));
        Assert.Equal(1, await second.WaitForExitAsync());
        Assert.Contains($"The port {_port} of the setting 'RABBITTOPICS_HEALTH_PORT' cannot be listened on", second.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Kestrel_is_loaded_where_there_is_a_health_port_and_not_else(bool isThere)
    {
        await using var app = Start(new Uri("amqp://127.0.0.1:1"), ("RABBITTOPICS_HEALTH_PORT", isThere ? $"{_port}" : null));
        await app.WaitForOutputAsync("Application started");

        Assert.Equal(isThere, (await File.ReadAllTextAsync($"/proc/{app.Id}/maps")).Contains("/Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_flood_of_the_health_port_takes_no_memory_and_is_not_logged()
    {
        await using var app = Start(new Uri("amqp://127.0.0.1:1"),
            ("DOTNET_GCgen0size", "0x1000000"), // Else garbage is left until it fills the processor's cache, which may be large.
            ("ASPNETCORE_URLS", "http://127.0.0.1:1"), ("URLS", "http://127.0.0.1:1"), ("Kestrel__Endpoints__Http__Url", "http://127.0.0.1:1"));
        await app.WaitForOutputAsync("Application started");
        const string start = "GET /health/live HTTP/1.1\r\nHost: x\r\n";
        string[] requests = ["hello\r\n\r\n", "GET /", $"{start}X-Endless: ", $"{start}Content-Length: 100000000\r\n\r\n", $"{start}Transfer-Encoding: chunked\r\n\r\n5F5E100\r\n"];
        var floods = Enumerable.Repeat(requests, 20).SelectMany(all => all);
        await Task.WhenAll(floods.Select(FloodAsync));
        using var process = Process.GetProcessById(app.Id);
        var before = process.WorkingSet64;

        await Task.WhenAll(floods.Select(FloodAsync));

        process.Refresh();
        Assert.True(process.WorkingSet64 - before < 30_000_000, $"{before} bytes became {process.WorkingSet64}.");
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("live")).Status);
        Assert.Equal(0, await app.StopAsync());
        Assert.DoesNotContain("Kestrel", app.Output, StringComparison.Ordinal);
    }

    /// <summary>Sends a request and up to 100 MB after it, until the app hangs up.</summary>
    private async Task FloodAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _port);
        var chunk = Encoding.ASCII.GetBytes(new string('x', 100_000));
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
            for (var sent = 0; sent < 100_000_000; sent += chunk.Length)
            {
                await client.GetStream().WriteAsync(chunk);
            }
        });
    }

    /// <summary>A port that is free and below those that the system gives to connections, and may give to one before the app has it.</summary>
    private static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 20_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Any, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }
    }

    private AppProcess Start(Uri broker, params (string Name, string? Value)[] settings) => AppProcess.Start(Repository.Program("src/FunctionApp"),
        new Dictionary<string, string?>
        {
            ["RabbitMQ"] = broker.OriginalString,
            ["RABBITTOPICS_HEALTH_PORT"] = $"{_port}",
        }.Concat(settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value)))
            .GroupBy(setting => setting.Key).ToDictionary(group => group.Key, group => group.Last().Value));

    /// <summary>Asks by the probe, whose port the command line says, after the option.</summary>
    private async Task<int> ProbeAsync()
    {
        await using var probe = AppProcess.Start($"{Repository.Program("src/FunctionApp")} --health-probe --RABBITTOPICS_HEALTH_PORT={_port}", new Dictionary<string, string?>());
        return await probe.WaitForExitAsync();
    }

    private async Task<(HttpStatusCode Status, string Text)> AskAsync(string what)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri($"http://127.0.0.1:{_port}/health/{what}"));
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
        catch (HttpRequestException)
        {
            return (default, "");
        }
    }
}
