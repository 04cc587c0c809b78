using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitTopics.Startup;

namespace RabbitTopics.Functions.SelfHost.Health;

/// <summary>Serves the app's health over HTTP to an orchestrator, on the port in the setting <c>RABBITTOPICS_HEALTH_PORT</c>; without the
/// setting there is no endpoint. <c>/health/live</c> answers while the process does; <c>/health/ready</c> answers 200, or 503
/// while the app is starting or stopping, or while a health check of it is unhealthy, with the reasons.</summary>
internal sealed partial class HealthEndpoint(
    IConfiguration configuration, HealthCheckService health, IHostApplicationLifetime lifetime, StartupProblems problems, ILogger<HealthEndpoint> logger)
    : BackgroundService
{
    public const string PortSetting = "RABBITTOPICS_HEALTH_PORT";
    public const string ReadyPath = "/health/ready";

    private const string LivePath = "/health/live";
    private const int LongestRequest = 8192;

    /// <summary>For a whole request and its answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // Not HttpListener: it throws when a connection arrives while it starts, and it has no IPv6 for any address.
    private TcpListener? _listener;

    /// <summary>The port; null where there is no setting, or a wrong one.</summary>
    public static int? Port(IConfiguration configuration) =>
        ushort.TryParse(configuration[PortSetting], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0 ? port : null;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (configuration[PortSetting] is not { Length: > 0 } text)
        {
            return Task.CompletedTask;
        }

        if (Port(configuration) is not { } port)
        {
            problems.Add($"The setting '{PortSetting}' is '{text}'. Set it to a port from 1 to {ushort.MaxValue}, or leave it out.");
            return Task.CompletedTask;
        }

        try
        {
            _listener = TcpListener.Create(port); // IPv6 and IPv4, where the machine has both.
            _listener.Start();
        }
        catch (SocketException exception)
        {
            problems.Add($"The port {port} of the setting '{PortSetting}' cannot be listened on: {exception.Message}. Choose another.");
            return Task.CompletedTask;
        }

        ServingHealth(port, LivePath, ReadyPath);
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _listener?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                _ = ServeAsync(await _listener!.AcceptTcpClientAsync(stoppingToken), stoppingToken);
            }
            catch (SocketException exception)
            {
                ConnectionNotTaken(exception);
                await Task.Delay(TimeSpan.FromMilliseconds(100), stoppingToken); // As when the process has no file handles left.
            }
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        try
        {
            using (client)
            {
                var stream = client.GetStream();
                if (await ReadRequestLineAsync(stream, limit.Token) is { } request)
                {
                    await stream.WriteAsync(await AnswerAsync(request, limit.Token), limit.Token);
                }
            }
        }
        catch (Exception exception)
        {
            RequestNotAnswered(exception); // The client has disconnected, or sent nothing.
        }
    }

    /// <summary>The first line of a request that was read to the end of its headers; null where there is no such end.</summary>
    private static async Task<string?> ReadRequestLineAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[LongestRequest];
        int count;
        for (var length = 0; (count = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0; length += count)
        {
            var text = Encoding.ASCII.GetString(buffer, 0, length + count);
            if (text.Contains("\r\n\r\n", StringComparison.Ordinal))
            {
                return text[..text.IndexOf('\r', StringComparison.Ordinal)];
            }
        }

        return null;
    }

    private async Task<byte[]> AnswerAsync(string request, CancellationToken cancellationToken)
    {
        var (status, reason, text) = request.Split(' ') switch
        {
            ["GET" or "HEAD", var target, "HTTP/1.1" or "HTTP/1.0"] => target.Split('?')[0] switch
            {
                LivePath => (200, "OK", "Healthy"),
                ReadyPath => await CheckAsync(cancellationToken),
                _ => (404, "Not Found", $"There is {LivePath} and {ReadyPath}."),
            },
            [_, _, "HTTP/1.1" or "HTTP/1.0"] => (405, "Method Not Allowed", "Ask with GET or HEAD."),
            _ => (400, "Bad Request", "This is not an HTTP request."),
        };
        var body = Encoding.UTF8.GetBytes($"{text}\n");
        var head = $"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. request.StartsWith("HEAD ", StringComparison.Ordinal) ? [] : body];
    }

    private async Task<(int Status, string Reason, string Text)> CheckAsync(CancellationToken cancellationToken)
    {
        const string unavailable = "Service Unavailable";
        if (!lifetime.ApplicationStarted.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return (503, unavailable, lifetime.ApplicationStarted.IsCancellationRequested ? "Stopping" : "Starting");
        }

        var report = await health.CheckHealthAsync(cancellationToken);
        var lines = report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy)
            .Select(entry => $"{entry.Key}: {entry.Value.Status}: {entry.Value.Description}")
            .Prepend(report.Status.ToString());
        var text = string.Join('\n', lines);
        return report.Status == HealthStatus.Unhealthy ? (503, unavailable, text) : (200, "OK", text);
    }

    [LoggerMessage(LogLevel.Information, "Health: http://*:{Port}{Live} and {Ready}.")]
    private partial void ServingHealth(int port, string live, string ready);

    [LoggerMessage(LogLevel.Debug, "A connection to the health port was not taken.")]
    private partial void ConnectionNotTaken(Exception exception);

    [LoggerMessage(LogLevel.Debug, "A health request was not answered.")]
    private partial void RequestNotAnswered(Exception exception);
}
