using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitTopics.Functions.SelfHost.Timers;
using RabbitTopics.Functions.SelfHost.Triggers;
using RabbitTopics.Startup;

namespace RabbitTopics.Functions.SelfHost;

/// <summary>Starts the app's functions with the program and stops them with it. Where a setting or a function is wrong it
/// says everything that is, and ends the program with exit code 1 instead.</summary>
internal sealed partial class FunctionsRunner(
    FunctionLoader loader, AppTimers timers, StartupProblems problems, IHostApplicationLifetime lifetime, ILogger<FunctionsRunner> logger)
    : IHostedService, IAsyncDisposable
{
    private RabbitMQTriggerListener[] _listeners = [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var found = loader.Load();
        if (problems.All.Count > 0)
        {
            foreach (var problem in problems.All)
            {
                StartupProblem(problem);
            }

            Environment.ExitCode = 1;
            lifetime.StopApplication();
            return Task.CompletedTask;
        }

        foreach (var function in found)
        {
            FunctionFound(function.Summary);
        }

        _listeners = [.. found.Select(function => function.Listener).OfType<RabbitMQTriggerListener>()];
        Array.ForEach(_listeners, listener => listener.Start());
        timers.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll([timers.StopAsync(cancellationToken), .. _listeners.Select(listener => listener.StopAsync(cancellationToken))]);

    public async ValueTask DisposeAsync() => await Task.WhenAll(_listeners.Select(listener => listener.DisposeAsync().AsTask()));

    [LoggerMessage(LogLevel.Critical, "{Problem}")]
    private partial void StartupProblem(string problem);

    [LoggerMessage(LogLevel.Information, "Found {Summary}")]
    private partial void FunctionFound(string summary);
}
