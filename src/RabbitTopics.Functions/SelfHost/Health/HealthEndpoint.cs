using System.Globalization;
using System.Net.Sockets;
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
    IConfiguration configuration,
    HealthCheckService health,
    IHostApplicationLifetime lifetime,
    StartupProblems problems,
    ILoggerFactory loggers,
    ILogger<HealthEndpoint> logger)
    : IHostedService, IDisposable
{
    public const string PortSetting = "RABBITTOPICS_HEALTH_PORT";
    public const string ReadyPath = "/health/ready";

    private const string LivePath = "/health/live";

    // Its class is of ASP.NET Core, which is loaded where there is the setting, and not else: a start is to be quick.
    private HealthServer? _server;

    /// <summary>The port; null where there is no setting, or a wrong one.</summary>
    public static int? Port(IConfiguration configuration) =>
        ushort.TryParse(configuration[PortSetting], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0 ? port : null;

    public Task StartAsync(CancellationToken cancellationToken)
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

        return ListenAsync(port);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _server is null ? Task.CompletedTask : StopServerAsync(cancellationToken);

    public void Dispose()
    {
        if (_server is not null)
        {
            DisposeServer();
        }
    }

    private async Task ListenAsync(int port)
    {
        _server = new HealthServer(port, AnswerAsync, loggers);
        try
        {
            await _server.StartAsync();
        }
        catch (Exception exception) when (exception.GetBaseException() is SocketException cause)
        {
            problems.Add($"The port {port} of the setting '{PortSetting}' cannot be listened on: {cause.Message}. Choose another.");
            return;
        }

        ServingHealth(port, LivePath, ReadyPath);
    }

    private Task StopServerAsync(CancellationToken cancellationToken) => _server!.StopAsync(cancellationToken);

    private void DisposeServer() => _server!.Dispose();

    private async Task<(int Status, string Text)> AnswerAsync(string path, CancellationToken cancellationToken) => path switch
    {
        LivePath => (200, "Healthy"),
        ReadyPath => await CheckAsync(cancellationToken),
        _ => (404, $"There is {LivePath} and {ReadyPath}."),
    };

    private async Task<(int Status, string Text)> CheckAsync(CancellationToken cancellationToken)
    {
        const int unavailable = 503;
        if (!lifetime.ApplicationStarted.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return (unavailable, lifetime.ApplicationStarted.IsCancellationRequested ? "Stopping" : "Starting");
        }

        var report = await health.CheckHealthAsync(cancellationToken);
        var lines = report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy)
            .Select(entry => $"{entry.Key}: {entry.Value.Status}: {entry.Value.Description}")
            .Prepend(report.Status.ToString());
        return (report.Status == HealthStatus.Unhealthy ? unavailable : 200, string.Join('\n', lines));
    }

    [LoggerMessage(LogLevel.Information, "Health: http://*:{Port}{Live} and {Ready}.")]
    private partial void ServingHealth(int port, string live, string ready);
}
