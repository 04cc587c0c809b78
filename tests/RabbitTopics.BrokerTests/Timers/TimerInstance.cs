using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitTopics.Functions;
using RabbitTopics.Functions.SelfHost.Timers;
using RabbitTopics.Health;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Timers;

/// <summary>A run of a timer.</summary>
internal sealed record TimerRun(string Instance, DateTimeOffset At, TimerInfo Timer);

/// <summary>An instance of an app with one timer function, with connections of its own, as in a process of its own.</summary>
internal sealed class TimerInstance : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly CollectingLogger _logger = new();
    private readonly ConcurrentQueue<TimerRun> _runs;

    /// <param name="uri">The broker; null where the setting is missing.</param>
    /// <param name="app">The app's name.</param>
    /// <param name="runs">Where its runs are noted, with those of others.</param>
    /// <param name="configure">Changes the services.</param>
    public TimerInstance(Uri? uri, string app, ConcurrentQueue<TimerRun> runs, Action<IServiceCollection>? configure = null)
    {
        _runs = runs;
        App = app;
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection([new("RabbitMQ", uri?.OriginalString), new("RABBITTOPICS_APP_NAME", app)]).Build());
        services.AddLogging(logging => logging.AddProvider(new Provider(_logger)));
        services.AddRabbitTopics();
        services.AddOptions<TimerOptions>();
        services.AddSingleton<AppTimers>();
        configure?.Invoke(services);
        _services = services.BuildServiceProvider();
        Timers = _services.GetRequiredService<AppTimers>();
    }

    public string Name { get; } = Guid.NewGuid().ToString("N");

    public string App { get; }

    public AppTimers Timers { get; }

    public IEnumerable<string> Log => _logger.Lines;

    public IReadOnlyList<QueueProblem> Problems => _services.GetRequiredService<QueueHealth>().Problems;

    public bool Leads => Log.LastOrDefault(line => line.Contains(" runs the timers of app", StringComparison.Ordinal) || line.Contains("no longer runs the timers", StringComparison.Ordinal))
        ?.Contains("This instance runs", StringComparison.Ordinal) == true;

    /// <summary>Adds a timer that notes its runs and then does something, and starts.</summary>
    public TimerInstance Start(string schedule, bool isMonitored = false, bool runOnStartup = false, Func<CancellationToken, Task>? run = null, string function = "Tick")
    {
        Timers.Add(new TimerFunction(function, Schedule.Parse(schedule, TimeZoneInfo.Utc, DateTimeOffset.UtcNow), runOnStartup, isMonitored, (timer, cancellationToken) =>
        {
            _runs.Enqueue(new TimerRun(Name, DateTimeOffset.UtcNow, timer));
            return run?.Invoke(cancellationToken) ?? Task.CompletedTask;
        }));
        Timers.Start();
        return this;
    }

    public async Task WaitForLogAsync(string text)
    {
        try
        {
            await Wait.UntilAsync(() => Log.Any(line => line.Contains(text, StringComparison.Ordinal)), $"'{text}' in the log");
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message} It has:\n{string.Join('\n', Log)}");
        }
    }

    public Task WaitUntilLeadingAsync(TimeSpan? within = null) => Wait.UntilAsync(() => Leads, "the instance to lead", within);

    public Task StopAsync() => Timers.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync() => await _services.DisposeAsync();

    private sealed class Provider(ILogger logger) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => logger;

        public void Dispose()
        {
        }
    }
}
