using System.Reflection;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitTopics.Connections;
using RabbitTopics.Health;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>The app's timer functions, and where they run: in the instance that leads, or in each where that is wanted or nothing
/// else is possible.</summary>
internal sealed class AppTimers(
    Brokers brokers, QueueHealth health, IConfiguration configuration, IOptions<RabbitTopicsOptions> appOptions, IOptions<TimerOptions> options,
    TimeProvider time, ILoggerFactory loggers) : IAsyncDisposable
{
    /// <summary>The setting with the app's name.</summary>
    public const string AppNameSetting = "RABBITTOPICS_APP_NAME";

    private const int LongestQueueName = 255; // AMQP 0-9-1, short string, in bytes.

    private readonly List<TimerListener> _listeners = [];
    private readonly TimersState _state = new();
    private readonly ILogger _logger = loggers.CreateLogger<AppTimers>();
    private TimerLeadership? _leadership;

    private string ConnectionSetting => options.Value.ConnectionStringSetting ?? appOptions.Value.ConnectionStringSetting;

    /// <summary>Adds a function, before the start.</summary>
    /// <exception cref="FormatException">The app's name makes no queue.</exception>
    /// <exception cref="BrokerSettingException">The setting of the broker is no AMQP URI.</exception>
    public void Add(TimerFunction function)
    {
        if (options.Value.RunInOneInstance && BrokerEndpoint.IsConfigured(configuration, ConnectionSetting))
        {
            _leadership ??= new TimerLeadership(brokers.Get(ConnectionSetting), AppName(), _state, health, _logger);
        }

        _state.Own.Add(function.Name);
        _listeners.Add(new TimerListener(function, _state,
            stop => _leadership?.TermAsync(stop) ?? Task.FromResult(TimerTerm.Always), time, loggers.CreateLogger($"Function.{function.Name}")));
    }

    /// <summary>Starts all of them, in the background.</summary>
    public void Start()
    {
        _ = _leadership?.StartAsync();
        if (_leadership is null && _listeners.Count > 0 && options.Value.RunInOneInstance)
        {
            _logger.LogWarning("The setting '{Setting}' is missing, so that timers run in every instance of this app and nothing is kept of their runs. "
                + "Set it to the URI of a broker, or {Option} to false if that is what you want (docs/timers.md).", ConnectionSetting, nameof(TimerOptions.RunInOneInstance));
        }

        _listeners.ForEach(listener => listener.Start());
    }

    /// <summary>Lets no further run begin, waits for those at work, which are cancelled when the token is, and then lets another instance
    /// lead.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_listeners.Select(listener => listener.StopAsync(cancellationToken)));
        await (_leadership?.StopAsync(cancellationToken) ?? Task.CompletedTask);
    }

    /// <summary>Stops at once.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners)
        {
            await listener.DisposeAsync();
        }

        await (_leadership?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private string AppName()
    {
        var name = new[] { configuration[AppNameSetting], options.Value.AppName, Assembly.GetEntryAssembly()?.GetName().Name }
            .FirstOrDefault(name => !string.IsNullOrWhiteSpace(name))
            ?? throw new FormatException($"the app has no name, which its timers' queue needs. Set '{AppNameSetting}' or {nameof(TimerOptions)}.{nameof(TimerOptions.AppName)}.");
        return Encoding.UTF8.GetByteCount(TimerLeadership.QueueOf(name)) <= LongestQueueName && !name.StartsWith("amq.", StringComparison.Ordinal)
            ? name
            : throw new FormatException($"the app's name '{name}' makes no name of a queue: it begins with 'amq.' or is too long. Set '{AppNameSetting}' to another.");
    }
}
