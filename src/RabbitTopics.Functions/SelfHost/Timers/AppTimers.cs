using System.Reflection;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Health;
using RabbitTopics.Receiving;
using RabbitTopics.Telemetry;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>The app's timer functions, and where they run: in the instance that leads, which is the active consumer of the queue
/// <c>APP.timers</c>, or in every instance where that is configured or there is no broker.</summary>
internal sealed partial class AppTimers(
    AppBrokers brokers, QueueHealth health, IConfiguration configuration, IOptions<RabbitTopicsOptions> appOptions, IOptions<TimerOptions> options,
    TimeProvider time, ILoggerFactory loggers) : IAsyncDisposable
{
    /// <summary>The setting with the app's name.</summary>
    public const string AppNameSetting = "RABBITTOPICS_APP_NAME";

    private const int LongestQueueName = 255; // AMQP 0-9-1, short string, in bytes.

    /// <summary>After this time without a connection a warning says that the timers wait for the broker.</summary>
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(2);

    private readonly List<TimerListener> _listeners = [];
    private readonly TimersState _state = new();
    private readonly ILogger _logger = new SafeLogger(loggers.CreateLogger<AppTimers>());
    private volatile TaskCompletionSource<TimerTerm> _term = NewWait();
    private string _app = "";
    private ConsumingLoop? _loop; // Null where every instance runs its timers.

    private string ConnectionSetting => options.Value.ConnectionStringSetting ?? appOptions.Value.ConnectionStringSetting;

    private Broker Broker => brokers.Get(ConnectionSetting);

    private string Queue => $"{_app}.timers";

    /// <summary>Adds a function, before the start.</summary>
    /// <exception cref="FormatException">The app's name cannot be part of a queue name.</exception>
    /// <exception cref="BrokerSettingException">The setting of the broker is not an AMQP URI.</exception>
    public void Add(TimerFunction function)
    {
        if (_loop is null && options.Value.RunInOneInstance && BrokerEndpoint.IsConfigured(configuration, ConnectionSetting))
        {
            _app = AppName();
            _loop = new ConsumingLoop(Broker, Queue, problem => health.Report("timers", Queue, problem), _logger);
        }

        _state.Own.Add(function.Name);
        _listeners.Add(new TimerListener(function, _state,
            stop => _loop is null ? Task.FromResult(TimerTerm.Always) : _term.Task.WaitAsync(stop), time, new SafeLogger(loggers.CreateLogger($"Function.{function.Name}"))));
    }

    /// <summary>Starts all of them, in the background.</summary>
    public void Start()
    {
        if (_loop is not null)
        {
            _loop.Start(TakePartAsync, Advice);
            _ = SayWhetherItWaitsAsync(_loop.Stop);
        }
        else if (_listeners.Count > 0 && options.Value.RunInOneInstance)
        {
            TimersRunInEveryInstance(ConnectionSetting, nameof(TimerOptions.RunInOneInstance));
        }

        _listeners.ForEach(listener => listener.Start());
    }

    /// <summary>Starts no further run, waits for those in progress, which are cancelled with the token, and then lets another instance
    /// lead.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_listeners.Select(listener => listener.StopAsync(cancellationToken)));
        await (_loop?.StopAsync(cancellationToken) ?? Task.CompletedTask);
    }

    /// <summary>Stops at once.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var part in _listeners.Cast<IAsyncDisposable>().Concat(_loop is null ? [] : [_loop]))
        {
            await part.DisposeAsync();
        }
    }

    /// <summary>The app's timer functions.</summary>
    public IReadOnlyList<TimerFunction> Functions => [.. _listeners.Select(listener => listener.Function)];

    private static TaskCompletionSource<TimerTerm> NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string AppName()
    {
        var name = new[] { configuration[AppNameSetting], options.Value.AppName, Assembly.GetEntryAssembly()?.GetName().Name }
            .FirstOrDefault(name => !string.IsNullOrWhiteSpace(name))
            ?? throw new FormatException($"the app has no name, which its timers' queue needs. Set '{AppNameSetting}' or {nameof(TimerOptions)}.{nameof(TimerOptions.AppName)}.");
        return Encoding.UTF8.GetByteCount($"{name}.timers") <= LongestQueueName && !name.StartsWith("amq.", StringComparison.Ordinal)
            ? name
            : throw new FormatException($"the app's name '{name}' cannot name a queue: it begins with 'amq.' or is too long. Set '{AppNameSetting}' to another.");
    }

    private async Task SayWhetherItWaitsAsync(CancellationToken stop)
    {
        await Task.Delay(ConnectTime, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Broker.Consuming.IsDown && !stop.IsCancellationRequested)
        {
            TimersWaitForBroker(_app, Broker.Endpoint);
        }
    }

    /// <summary>Takes part on a channel. Another instance may lead only after the channel is closed.</summary>
    private async Task<string> TakePartAsync(IChannel channel, CancellationToken lost, CancellationToken stop)
    {
        // The queue's type is the virtual host's default: a quorum queue, where that is what the operator wants, outlives a node.
        await (Broker.Mode switch
        {
            TopologyMode.Declare => channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false,
                new Dictionary<string, object?> { ["x-single-active-consumer"] = true }, cancellationToken: stop),
            TopologyMode.Verify => channel.QueueDeclarePassiveAsync(Queue, stop),
            _ => Task.CompletedTask,
        });
        try
        {
            using var session = new TimerSession(Broker, channel, Queue, _state, Begin, _loop!.Report, _logger, lost);
            return await session.RunAsync(stop);
        }
        finally
        {
            if (_term.Task.IsCompleted)
            {
                _term = NewWait();
                LeadEnded(_app);
            }
        }
    }

    private void Begin(TimerTerm term)
    {
        LeadBegun(_app, Queue, Broker.Endpoint);
        _term.SetResult(term);
    }

    private static string Advice(Exception exception) => ConsumingLoop.ReplyCode(exception) switch
    {
        404 => "Declare it, durable and with the argument x-single-active-consumer = true (docs/timers.md), or set Topology to Declare. ",
        403 => "See docs/timers.md; with Topology set to Verify the app declares nothing and needs no 'configure'. ",
        406 => $"It exists with other properties: delete it, or give the app another name ({AppNameSetting}). ",
        _ => "",
    } + "The app's timers do not run here.";

    [LoggerMessage(LogLevel.Warning, "The setting '{Setting}' is missing, so that timers run in every instance of this app and their runs are not recorded. "
        + "Set it to the URI of a broker, or {Option} to false if that is what you want (docs/timers.md).")]
    private partial void TimersRunInEveryInstance(string setting, string option);

    [LoggerMessage(LogLevel.Warning, "The timers of app '{App}' wait for the broker at {Endpoint}: none of them runs in this instance until then.")]
    private partial void TimersWaitForBroker(string app, BrokerEndpoint endpoint);

    [LoggerMessage(LogLevel.Information, "This instance runs the timers of app '{App}' (queue '{Queue}' at {Endpoint}).")]
    private partial void LeadBegun(string app, string queue, BrokerEndpoint endpoint);

    [LoggerMessage(LogLevel.Information, "This instance no longer runs the timers of app '{App}'.")]
    private partial void LeadEnded(string app);
}
