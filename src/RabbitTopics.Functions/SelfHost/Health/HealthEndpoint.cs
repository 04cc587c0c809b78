using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitTopics.Startup;

namespace RabbitTopics.Functions.SelfHost.Health;

/// <summary>Tells an orchestrator over HTTP how the app is, on the port in the setting <c>RABBITTOPICS_HEALTH_PORT</c>; without the
/// setting there is no endpoint. <c>/health/live</c> answers while the process does; <c>/health/ready</c> answers 200, or 503
/// while the app is starting or stopping, or while a health check of it is unhealthy, with the reasons.</summary>
internal sealed class HealthEndpoint(
    IConfiguration configuration, HealthCheckService health, IHostApplicationLifetime lifetime, StartupProblems problems, ILogger<HealthEndpoint> logger)
    : IHostedService, IDisposable
{
    public const string PortSetting = "RABBITTOPICS_HEALTH_PORT";
    public const string ReadyPath = "/health/ready";

    private const string LivePath = "/health/live";

    private readonly HttpListener _listener = new();
    private Task _serving = Task.CompletedTask;

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

        try
        {
            _listener.Prefixes.Add($"http://*:{port}/");
            _listener.Start();
            _serving = Task.Run(ServeAsync, CancellationToken.None);
            logger.LogInformation("Health: http://*:{Port}{Live} and {Ready}.", port, LivePath, ReadyPath);
        }
        catch (HttpListenerException exception)
        {
            problems.Add($"The port {port} of the setting '{PortSetting}' cannot be listened on: {exception.Message}. Choose another.");
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _listener.Close();
        await _serving;
    }

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext request;
            try
            {
                request = await _listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                if (!_listener.IsListening)
                {
                    return; // Closed.
                }

                logger.LogDebug(exception, "A health request could not be read.");
                continue;
            }

            try
            {
                await AnswerAsync(request);
            }
            catch (Exception exception)
            {
                logger.LogDebug(exception, "A health request was not answered."); // Whoever asked has gone.
                request.Response.Abort();
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext request)
    {
        var (status, text) = request.Request.Url?.AbsolutePath switch
        {
            LivePath => (HttpStatusCode.OK, "Healthy"),
            ReadyPath => await CheckAsync(),
            _ => (HttpStatusCode.NotFound, $"There is {LivePath} and {ReadyPath}."),
        };
        request.Response.StatusCode = (int)status;
        request.Response.ContentType = "text/plain; charset=utf-8";
        request.Response.Close(Encoding.UTF8.GetBytes($"{text}\n"), willBlock: true);
    }

    private async Task<(HttpStatusCode Status, string Text)> CheckAsync()
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return (HttpStatusCode.ServiceUnavailable, lifetime.ApplicationStarted.IsCancellationRequested ? "Stopping" : "Starting");
        }

        var report = await health.CheckHealthAsync();
        var lines = report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy)
            .Select(entry => $"{entry.Key}: {entry.Value.Status}: {entry.Value.Description}")
            .Prepend(report.Status.ToString());
        return (report.Status == HealthStatus.Unhealthy ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK, string.Join('\n', lines));
    }
}
