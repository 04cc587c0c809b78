using System.Runtime.ExceptionServices;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.SelfHost;
using RabbitTopics.Functions.SelfHost.Health;
using RabbitTopics.Functions.SelfHost.Timers;
using RabbitTopics.Functions.SelfHost.Triggers;
using RabbitTopics.Messages;
using RabbitTopics.Publishing;
using RabbitTopics.Startup;
using RabbitTopics.Testing.Hosting;
using RabbitTopics.Topics;
using RabbitTopics.Topology;

namespace RabbitTopics.Testing;

/// <summary>A function app in a test: its own program, services, middleware and settle policy, without a broker. Messages are given to it, those that it
/// publishes are kept, and time passes when it is told to. Thread-safe; it handles one message at a time.</summary>
public sealed class TestApp : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly TestAppOptions _options;
    private readonly MemoryBrokers _brokers;
    private readonly CollectingLoggerProvider _log;
    private readonly RabbitTopicsOptions _app;
    private readonly MessageBody _bodies;
    private readonly List<Trigger> _triggers = [];
    private readonly Dictionary<TimerFunction, TimerStatus> _timers = [];
    private readonly SemaphoreSlim _turn = new(1);

    private TestApp(IHost host, TestAppOptions options, CollectingLoggerProvider log, FakeTimeProvider time)
    {
        _host = host;
        _options = options;
        _log = log;
        Time = time;
        _brokers = (MemoryBrokers)host.Services.GetRequiredService<AppBrokers>();
        _app = host.Services.GetRequiredService<IOptions<RabbitTopicsOptions>>().Value;
        _bodies = host.Services.GetRequiredService<MessageBody>();
    }

    /// <summary>The app's services.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>The app's time. It stands still but for the delays of retries, <see cref="AdvanceAsync"/>, and what a test does to it.</summary>
    public FakeTimeProvider Time { get; }

    /// <summary>What the app has published so far, in its order.</summary>
    public IReadOnlyList<PublishedMessage> Published => [.. _brokers.Published.Select(Read)];

    /// <summary>What the app has logged so far, at every level.</summary>
    public IReadOnlyList<LogLine> Log => [.. _log.Lines];

    /// <summary>Starts an app: runs its entry point as far as its host is built, and the host without its listeners.</summary>
    /// <typeparam name="TApp">Any type of the app's project, such as a class with functions.</typeparam>
    /// <param name="configure">Changes the app for the test.</param>
    /// <exception cref="InvalidOperationException">The app would not start by itself either; the message has everything that is wrong.</exception>
    public static async Task<TestApp> StartAsync<TApp>(Action<TestAppOptions>? configure = null)
    {
        var options = new TestAppOptions();
        configure?.Invoke(options);
        var log = new CollectingLoggerProvider();
        var time = new FakeTimeProvider(options.StartTime);
        var host = await EntryPointHost.BuildAsync(typeof(TApp).Assembly, builder => builder
            .ConfigureAppConfiguration((_, configuration) => configuration.AddInMemoryCollection(options.Settings))
            .ConfigureServices(services => Replace(services, log, time, options)));
        try
        {
            NameBrokers(host.Services);
            var app = new TestApp(host, options, log, time);
            app.Load();
            await host.StartAsync();
            return app;
        }
        catch
        {
            await StopAsync(host);
            throw;
        }
    }

    /// <summary>Publishes a value as <see cref="ITopicPublisher"/> does, and has the function that subscribes to the topic handle it, through all of its
    /// attempts. The delays between them pass at once.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="value">The value: JSON of it, or a string or bytes as they are.</param>
    /// <param name="function">Which function, where several subscribe to the topic.</param>
    /// <param name="options">How it is published: its exchange, headers and properties. Default: as the app does.</param>
    /// <exception cref="InvalidOperationException">No function gets the topic, or several do and none is named; or the message is not settled after
    /// <see cref="TestAppOptions.MostAttempts"/> attempts.</exception>
    /// <exception cref="ArgumentException">The topic or an option is one that publishing refuses.</exception>
    /// <exception cref="MessageTooLargeException">The body is longer than <see cref="RabbitTopicsOptions.MaxMessageBytes"/>.</exception>
    public Task<HandlingResult> SendAsync(string topic, object value, string? function = null, PublishOptions? options = null)
    {
        var sent = OutgoingMessage.Of(topic, value, options ?? new PublishOptions(), _app, Services.GetRequiredService<JsonBody>(), Time.GetUtcNow());
        var trigger = Find(sent.Exchange, topic, function);
        Time.Advance(sent.Delay);
        return HandleAsync(trigger, sent.Exchange, topic, sent.Properties, sent.Body);
    }

    /// <summary>Has a function handle a message as it is, as of a publisher that is no app of this library: nothing is added to its headers and properties.</summary>
    /// <param name="function">The function's name.</param>
    /// <param name="message">The message. Its <see cref="TopicMessage.RoutingKey"/>, where it has one, else its topic, is what it was published with, to its
    /// <see cref="TopicMessage.Exchange"/>.</param>
    /// <exception cref="InvalidOperationException">There is no such function, or the message is not settled after <see cref="TestAppOptions.MostAttempts"/>
    /// attempts.</exception>
    public Task<HandlingResult> SendToAsync(string function, TopicMessage message)
    {
        ArgumentException.ThrowIfNullOrEmpty(function);
        ArgumentNullException.ThrowIfNull(message);
        var trigger = Named(function);
        var (body, _) = OutgoingMessage.EncodeBody(message, Services.GetRequiredService<JsonBody>(), asJson: false);
        return HandleAsync(trigger, message.Exchange, message.RoutingKey.Length > 0 ? message.RoutingKey : message.Topic, message.Properties.Write(message.Headers), body);
    }

    /// <summary>Runs a timer function now, whatever its schedule says. What it throws comes out.</summary>
    /// <param name="function">The function's name.</param>
    /// <param name="isPastDue">Whether the run is a missed one.</param>
    /// <exception cref="InvalidOperationException">There is no such function.</exception>
    public Task RunTimerAsync(string function, bool isPastDue = false)
    {
        var timer = _timers.Keys.FirstOrDefault(known => string.Equals(known.Name, function, StringComparison.OrdinalIgnoreCase))
            ?? throw new InvalidOperationException($"The app has no function '{function}' with a timer trigger. It has {Names(_timers.Keys.Select(known => known.Name))}.");
        return RunAsync(timer, isPastDue);
    }

    /// <summary>Lets time pass, and runs the timer functions that are due meanwhile, one after the other, each at its time. One that throws runs again at its next
    /// time, as in the app; when the time has passed, what the first one threw comes out.</summary>
    /// <param name="by">How long.</param>
    public async Task AdvanceAsync(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var until = Time.GetUtcNow() + by;
        ExceptionDispatchInfo? failure = null;
        while (true)
        {
            var due = _timers.Where(timer => timer.Value.Next <= until).GroupBy(timer => timer.Value.Next).MinBy(next => next.Key);
            var wait = (due?.Key ?? until) - Time.GetUtcNow();
            Time.Advance(wait > TimeSpan.Zero ? wait : TimeSpan.Zero); // None where the attempts at a message have taken longer.
            if (due is null)
            {
                failure?.Throw();
                return;
            }

            foreach (var (timer, status) in due.ToArray())
            {
                var now = Time.GetUtcNow();
                var (isPastDue, next, _) = TimerPlan.Run(timer.Schedule, status.Next, now);
                try
                {
                    await RunAsync(timer, isPastDue);
                }
                catch (Exception exception)
                {
                    failure ??= ExceptionDispatchInfo.Capture(exception);
                }

                _timers[timer] = new TimerStatus(timer.Schedule.Text, now, next, now);
            }
        }
    }

    /// <summary>Stops the app as at the end of its grace period: the tokens of handlers at work are cancelled.</summary>
    public Task StopAsync() => Task.WhenAll(_triggers.Select(trigger => trigger.Listener.StopAsync(new CancellationToken(canceled: true))));

    /// <summary>Stops the app.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(_host);
        _turn.Dispose();
    }

    /// <summary>Names a broker in the settings that outputs need, where they have no value: that is checked when the functions are loaded.</summary>
    private static void NameBrokers(IServiceProvider services)
    {
        var configuration = services.GetRequiredService<IConfiguration>();
        var app = services.GetRequiredService<IOptions<RabbitTopicsOptions>>().Value;
        var outputs = services.GetRequiredService<IReadOnlyList<FunctionDescription>>()
            .SelectMany(function => function.Outputs.Select(output => output.Attribute).Concat(function.Collectors.Select(collector => collector.Output).OfType<TopicOutputAttribute>()));
        foreach (var setting in outputs.Select(output => output.ConnectionStringSetting ?? app.ConnectionStringSetting).Distinct())
        {
            if (!BrokerEndpoint.IsConfigured(configuration, setting))
            {
                configuration[setting] = MemoryBrokers.Uri;
            }
        }
    }

    private static void Replace(IServiceCollection services, CollectingLoggerProvider log, FakeTimeProvider time, TestAppOptions options)
    {
        if (services.FirstOrDefault(service => service.ImplementationType == typeof(FunctionsRunner)) is not { } runner)
        {
            throw new InvalidOperationException("The app does not host itself. Call UseRabbitTopics on its builder, and leave out the setting 'Functions:Worker:HostEndpoint'.");
        }

        services.Remove(runner);
        services.Remove(services.First(service => service.ImplementationType == typeof(HealthEndpoint)));
        services.Replace(ServiceDescriptor.Singleton<AppBrokers, MemoryBrokers>());
        services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        services.RemoveAll<TimeProvider>();
        services.AddSingleton<TimeProvider>(time);
        services.RemoveAll<ILoggerProvider>();
        services.AddSingleton<ILoggerProvider>(log);
        services.Configure<LoggerFilterOptions>(filter =>
        {
            filter.MinLevel = LogLevel.Trace;
            filter.Rules.Clear();
        });
        options.ConfigureServices?.Invoke(services);
    }

    private static async Task StopAsync(IHost host)
    {
        await host.StopAsync();
        await (host is IAsyncDisposable disposable ? disposable.DisposeAsync() : ValueTask.CompletedTask);
    }

    private static string Names(IEnumerable<string> functions) => string.Join(", ", functions.Select(function => $"'{function}'")) is { Length: > 0 } names ? names : "none";

    /// <summary>Loads the functions as the app does when it starts.</summary>
    private void Load()
    {
        var problems = Services.GetRequiredService<StartupProblems>();
        var found = Services.GetRequiredService<FunctionLoader>().Load();
        if (problems.All.Count > 0)
        {
            throw new InvalidOperationException($"The app cannot start: {string.Join(Environment.NewLine, problems.All)}");
        }

        _triggers.AddRange(found.Select(function => function.Listener).OfType<RabbitMQTriggerListener>().Select(listener => new Trigger(listener)));
        foreach (var timer in Services.GetRequiredService<AppTimers>().Functions)
        {
            _timers[timer] = TimerPlan.Begin(known: null, timer.Schedule, timer.IsMonitored, Time.GetUtcNow()).Status;
        }

        _brokers.OnPublish = _options.OnPublish is { } ask ? publish => ask(Read(publish)) : null;
    }

    private Trigger Named(string function) => _triggers.Find(known => known.Function.Equals(function, StringComparison.OrdinalIgnoreCase))
        ?? throw new InvalidOperationException($"The app has no function '{function}' with a RabbitMQ trigger. It has {Names(_triggers.Select(trigger => trigger.Function))}.");

    private Trigger Find(string exchange, string topic, string? function)
    {
        var candidates = function is null ? _triggers : [Named(function)];
        var found = candidates.Where(trigger => trigger.Gets(exchange, topic)).ToArray();
        return found switch
        {
            [var one] => one,
            [] => throw new InvalidOperationException($"{(function is null ? "No function of the app gets" : $"Function '{function}' does not get")} the topic '{topic}' from exchange '{exchange}'. The app's functions are {Subscriptions()}."),
            _ => throw new InvalidOperationException($"Several functions get the topic '{topic}' from exchange '{exchange}': {Names(found.Select(trigger => trigger.Function))}. Say which, as function: \"{found[0].Function}\"."),
        };

        string Subscriptions() => _triggers.Count == 0 ? "none with a RabbitMQ trigger" : string.Join("; ", _triggers.Select(trigger => $"'{trigger.Function}' with {trigger.Source}"));
    }

    private async Task<HandlingResult> HandleAsync(Trigger trigger, string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body)
    {
        await _turn.WaitAsync();
        try
        {
            var attempts = new List<HandlingAttempt>();
            while (attempts.Count < _options.MostAttempts)
            {
                _brokers.Copies.Clear();
                var (failure, isCompletedByHandler, isDone) = await trigger.Listener.Consumer.HandleWithoutChannelAsync(redelivered: false, exchange, routingKey, WireProperties.Read(properties), body);
                var copy = _brokers.Copies.LastOrDefault();
                var delay = copy is null ? null : trigger.DelayOf(copy);
                attempts.Add(new HandlingAttempt(attempts.Count + 1, failure, delay));
                if (delay is not { } wait)
                {
                    var outcome = copy is not null ? HandlingOutcome.DeadLettered
                        : !isDone ? HandlingOutcome.Returned
                        : failure is null || isCompletedByHandler ? HandlingOutcome.Completed
                        : HandlingOutcome.Discarded;
                    return new HandlingResult(trigger.Function, outcome, attempts, copy is null ? null : Read(copy));
                }

                Time.Advance(wait);
                (exchange, routingKey, properties, body) = ("", trigger.Queue, copy!.Properties, copy.Body); // As the broker brings it back from the retry queue.
            }

            throw new InvalidOperationException($"Function '{trigger.Function}': the message is not settled after {_options.MostAttempts} attempts. The last ended with: {attempts[^1].Exception}");
        }
        finally
        {
            _turn.Release();
        }
    }

    private Task RunAsync(TimerFunction timer, bool isPastDue)
    {
        var status = _timers[timer];
        return timer.Run(new TimerInfo
        {
            IsPastDue = isPastDue,
            ScheduleStatus = timer.IsMonitored
                ? new ScheduleStatus { Last = status.Last?.UtcDateTime ?? default, Next = status.Next.UtcDateTime, LastUpdated = status.LastUpdated.UtcDateTime }
                : null,
        }, CancellationToken.None);
    }

    private PublishedMessage Read(Publish publish) => new(publish, _app.TopicHeader, _bodies);

    /// <summary>A function with a RabbitMQ trigger.</summary>
    private sealed record Trigger(RabbitMQTriggerListener Listener)
    {
        public string Function => Listener.Options.Handler;

        public string Queue => Listener.Options.Queue;

        private QueueTopology? Topology => Listener.Options.Topology;

        public string Source => Topology is null
            ? $"queue '{Queue}'"
            : string.Join(", ", Topology.Bindings.Select(binding => $"topic '{binding.Topic}' on '{binding.Exchange}'"));

        public bool Gets(string exchange, string topic) => exchange.Length == 0
            ? topic == Queue
            : Topology?.Bindings.Any(binding => binding.Exchange == exchange && binding.MayRoute(topic)) == true;

        /// <summary>How long a copy waits until it is delivered again; null where it is parked.</summary>
        public TimeSpan? DelayOf(Publish copy) =>
            copy.RoutingKey == Queue ? TimeSpan.Zero
            : copy.RoutingKey == DeadLetterQueue.Name(Queue) ? null
            : RetryQueue.DelayOf(Queue, copy.RoutingKey);
    }
}
