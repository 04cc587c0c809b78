using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using RabbitTopics.Functions.SelfHost.Health;
using RabbitTopics.Startup;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Tests.SelfHost;

public sealed class HealthEndpointTests
{
    private readonly int _port = FreePort();
    private HealthCheckResult _state = HealthCheckResult.Healthy();

    [Fact]
    public async Task Connections_that_arrive_while_it_starts_do_not_disturb_it()
    {
        using var end = new CancellationTokenSource();
        var connecting = Enumerable.Range(0, 4).Select(_ => Task.Run(() => ConnectUntilAsync(end.Token))).ToArray();

        for (var start = 0; start < 100; start++)
        {
            using var host = await StartAsync();
            await host.StopAsync(TestContext.Current.CancellationToken);
        }

        await end.CancelAsync();
        await Task.WhenAll(connecting);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_answers_over_IPv4_and_IPv6(bool overIPv6)
    {
        using var host = await StartAsync();
        using var http = new HttpClient();
        var url = new Uri($"http://{(overIPv6 && Socket.OSSupportsIPv6 ? "[::1]" : "127.0.0.1")}:{_port}/health/ready");

        Assert.Equal("Healthy\n", await http.GetStringAsync(url, TestContext.Current.CancellationToken));
        _state = HealthCheckResult.Unhealthy("no broker");
        using var answer = await http.GetAsync(url, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy\ntest: Unhealthy: no broker\n"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK", "Healthy\n")]
    [InlineData("GET /health/live?x=y HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK", "Healthy\n")]
    [InlineData("HEAD /health/live HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK", "")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 Not Found", "There is /health/live and /health/ready.\n")]
    [InlineData("POST /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405 Method Not Allowed", "Ask with GET or HEAD.\n")]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n", "HTTP/1.1 413 Payload Too Large", "Ask without a body.\n")]
    [InlineData("POST /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "HTTP/1.1 413 Payload Too Large", "Ask without a body.\n")]
    [InlineData("hello\r\n\r\n", "HTTP/1.1 400 Bad Request", "")]
    public async Task A_request_has_its_answer(string request, string status, string body)
    {
        using var host = await StartAsync();
        using var client = await SendAsync(request);
        var answer = await ReadToEndAsync(client);

        Assert.StartsWith($"{status}\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith($"\r\n\r\n{body}", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_connects_and_says_nothing_or_too_much_holds_up_nobody_and_not_the_end()
    {
        using var host = await StartAsync();
        using var silent = await SendAsync("GET /health/live HTT");
        using var loud = await SendAsync(new string('x', 100_000));
        using var client = await SendAsync("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 OK", await ReadToEndAsync(client), StringComparison.Ordinal);
        var clock = Stopwatch.StartNew();
        await host.StopAsync(TestContext.Current.CancellationToken);
        Assert.True(clock.Elapsed < Wait.Stretch(TimeSpan.FromSeconds(5)), $"It took {clock.Elapsed}.");
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET /health/live HTT")]
    public async Task Who_says_nothing_or_not_all_of_it_is_disconnected(string words)
    {
        using var host = await StartAsync();
        using var silent = await SendAsync(words);

        await ReadToEndAsync(silent).WaitAsync(Wait.Stretch(TimeSpan.FromSeconds(20)), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5F5E100\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: x\r\nX-Endless: ")]
    [InlineData("GET /")]
    public async Task Who_sends_100_MB_is_disconnected_at_the_first_of_them(string start)
    {
        using var host = await StartAsync();
        var sent = 0;
        using var loud = await SendAsync(start);
        var chunk = new byte[100_000];
        Array.Fill(chunk, (byte)'x');
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            for (; sent < 100_000_000; sent += chunk.Length)
            {
                await loud.GetStream().WriteAsync(chunk, TestContext.Current.CancellationToken);
            }
        });

        Assert.True(sent < 30_000_000, $"It sent {sent} bytes."); // Most of them wait in the buffers of the two sockets.
    }

    [Fact]
    public async Task It_says_that_the_app_starts_and_stops_while_other_services_do()
    {
        using var http = new HttpClient();
        var answers = new List<string>();
        async Task AskAsync()
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{_port}/health/ready"), TestContext.Current.CancellationToken);
            answers.Add($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        }

        using var host = await StartAsync(new Service(AskAsync));
        await AskAsync();
        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["503 Starting\n", "200 Healthy\n", "503 Stopping\n"], answers);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<IHost> StartAsync(params IHostedService[] others)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("RABBITTOPICS_HEALTH_PORT", $"{_port}")]);
        builder.Services.AddHealthChecks().AddCheck("test", () => _state);
        builder.Services.AddSingleton<StartupProblems>().AddHostedService<HealthEndpoint>();
        foreach (var other in others)
        {
            builder.Services.AddSingleton(other);
        }

        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        Assert.Empty(host.Services.GetRequiredService<StartupProblems>().All);
        return host;
    }

    private async Task ConnectUntilAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, _port, end);
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                // Nobody listens just now.
            }
        }
    }

    private async Task<TcpClient> SendAsync(string text)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text), TestContext.Current.CancellationToken);
        return client;
    }

    private static async Task<string> ReadToEndAsync(TcpClient client)
    {
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Does the same when it starts and when it stops.</summary>
    private sealed class Service(Func<Task> work) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => work();

        public Task StopAsync(CancellationToken cancellationToken) => work();
    }
}
