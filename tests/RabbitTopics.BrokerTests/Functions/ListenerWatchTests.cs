using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.FunctionsHost;
using RabbitTopics.Health;
using RabbitTopics.TestSupport;
using RabbitTopics.Topology;

namespace RabbitTopics.BrokerTests.Functions;

/// <summary>The watch for a listener of Microsoft's host that has died. The host's consumer is here the plain client's.</summary>
public sealed class ListenerWatchTests(SharedBroker broker)
{
    private readonly CollectingLogger _log = new();

    [Fact]
    public async Task A_queue_with_messages_and_no_consumer_is_critical_and_unhealthy_until_it_is_consumed()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await PublishAsync(library, "x");
        using var watch = await WatchAsync(library);

        await _log.WaitForAsync("Critical:");
        Assert.Contains(_log.Lines, line => line.StartsWith("Critical:", StringComparison.Ordinal) && line.Contains($"queue '{library.Queue}' is not consumed", StringComparison.Ordinal));
        var report = await library.Get<HealthCheckService>().CheckHealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, report.Status);
        Assert.Contains($"queue '{library.Queue}' of 'F' is not consumed", report.Entries["rabbittopics"].Description, StringComparison.Ordinal);

        await library.Channel.BasicConsumeAsync(library.Queue, autoAck: true, new RabbitMQ.Client.Events.AsyncEventingBasicConsumer(library.Channel));
        await _log.WaitForAsync("is consumed again, or empty");
        Assert.Equal(HealthStatus.Healthy, (await library.Get<HealthCheckService>().CheckHealthAsync()).Status);
        Assert.Single(_log.Lines, line => line.StartsWith("Critical:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_that_ends_the_hosts_listener_is_parked_and_the_others_stay_in_their_order()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await PublishAsync(library, "first");
        await PublishAsync(library, "second", new Dictionary<string, object?> { ["port"] = (ushort)40_000, ["text"] = "kept" });
        await PublishAsync(library, "third", new Dictionary<string, object?> { ["nested"] = new List<object?> { new Dictionary<string, object?> { ["deep"] = (ushort)1 } } });
        await PublishAsync(library, "fourth", new Dictionary<string, object?> { ["numbers"] = new List<object?> { (short)1, 2, 3L, (byte)4, (sbyte)5, 6u }, ["bytes"] = "x"u8.ToArray() });
        using var watch = await WatchAsync(library);

        var parked = await Client.TakeAsync(broker.Uri, $"{library.Queue}.dead");
        Assert.Equal("second", Encoding.UTF8.GetString(parked.Body.Span));
        Assert.Equal("host-cannot-decode", parked.HeaderText("rt-dead-letter-reason"));
        Assert.Equal("orders.created", parked.HeaderText("Micro-Topic"));
        Assert.Equal("kept", parked.HeaderText("text"));
        Assert.Equal(40_000, Assert.IsType<int>(parked.BasicProperties.Headers!["port"])); // Else it would end the next one, too.
        Assert.Equal("third", Encoding.UTF8.GetString((await Client.TakeAsync(broker.Uri, $"{library.Queue}.dead")).Body.Span));
        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, library.Queue) == 2, "the others to be back");
        Assert.Equal("first", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
        Assert.Equal("fourth", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
    }

    [Fact]
    public async Task A_queue_that_is_consumed_and_whose_messages_do_not_reach_the_app_is_critical_and_unhealthy_until_they_do()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await PublishAsync(library, "held");
        await PublishAsync(library, "waits");
        await library.Channel.BasicQosAsync(0, 1, global: false);
        await library.Channel.BasicConsumeAsync(library.Queue, autoAck: false, new RabbitMQ.Client.Events.AsyncEventingBasicConsumer(library.Channel));
        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, library.Queue) == 1, "a full prefetch");
        var invocations = new InvocationCounts();
        invocations.Begin("F");
        var time = new CountingTime();
        using var watch = await WatchAsync(library, invocations: invocations, time: time);

        // While a handler is at work, others may wait.
        await Wait.UntilAsync(() => time.Ticks > 20, "looks for longer than the 0.3 s");
        Assert.Empty(_log.Lines);

        invocations.End("F");
        await _log.WaitForAsync("Critical:");
        Assert.Contains(_log.Lines, line => line.Contains("none of them has reached this instance for 0.3 s, though it has 1 consumer(s)", StringComparison.Ordinal));
        Assert.Equal(HealthStatus.Unhealthy, (await library.Get<HealthCheckService>().CheckHealthAsync()).Status);
        Assert.False(await Client.QueueExistsAsync(broker.Uri, $"{library.Queue}.dead")); // Nothing is taken from the listener.

        invocations.Begin("F");
        await _log.WaitForAsync("is consumed again, or empty");
        Assert.Equal(HealthStatus.Healthy, (await library.Get<HealthCheckService>().CheckHealthAsync()).Status);
    }

    [Fact]
    public async Task A_queue_that_does_not_exist_is_critical_and_unhealthy_until_it_is_consumed()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var time = new CountingTime();
        using var watch = await WatchAsync(library, time: time);

        await _log.WaitForAsync("Critical:");
        Assert.Contains(_log.Lines, line => line.Contains($"queue '{library.Queue}' is not consumed: it does not exist, and the host disables a function whose queue it does not find. Create it", StringComparison.Ordinal));
        Assert.Equal(HealthStatus.Unhealthy, (await library.Get<HealthCheckService>().CheckHealthAsync()).Status);

        // To be there is not enough: the host does not look for it again.
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        var before = time.Ticks;
        await Wait.UntilAsync(() => time.Ticks > before + 3, "further looks");
        Assert.Equal(HealthStatus.Unhealthy, (await library.Get<HealthCheckService>().CheckHealthAsync()).Status);

        await library.Channel.BasicConsumeAsync(library.Queue, autoAck: true, new RabbitMQ.Client.Events.AsyncEventingBasicConsumer(library.Channel));
        await _log.WaitForAsync("is consumed again, or empty");
        Assert.Equal(HealthStatus.Healthy, (await library.Get<HealthCheckService>().CheckHealthAsync()).Status);
        Assert.Single(_log.Lines, line => line.StartsWith("Critical:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_is_parked_where_the_app_does_not_want_it()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var deadly = new Dictionary<string, object?> { ["port"] = (ushort)40_000 };
        await PublishAsync(library, "x", deadly);
        using (await WatchAsync(library, options => options.ParkUndecodable = false))
        {
            await _log.WaitForAsync("Critical:");
        }

        Assert.Equal(1u, await Client.CountAsync(broker.Uri, library.Queue));
        Assert.False(await Client.QueueExistsAsync(broker.Uri, $"{library.Queue}.dead"));
    }

    private async Task<ListenerWatch> WatchAsync(Library library, Action<ListenerWatchOptions>? configure = null, InvocationCounts? invocations = null, TimeProvider? time = null)
    {
        var options = new ListenerWatchOptions { After = TimeSpan.FromMilliseconds(300), Interval = TimeSpan.FromMilliseconds(50) };
        configure?.Invoke(options);
        var configuration = library.Get<IConfiguration>();
        var app = library.Get<IOptions<RabbitTopicsOptions>>();
        var queues = new TriggerQueues([TestFunction.On(library.Queue)],
            new AppTopology(), new SettingReferences(configuration), configuration, app);
        var watch = new ListenerWatch(queues, invocations ?? new InvocationCounts(), library.Get<AppBrokers>(), library.Get<QueueHealth>(), app, Options.Create(options), time ?? TimeProvider.System, new Log(_log));
        await watch.StartAsync(CancellationToken.None);
        return watch;
    }

    private static async Task PublishAsync(Library library, string body, Dictionary<string, object?>? headers = null)
    {
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Channel.QueueBindAsync(library.Queue, "amq.topic", library.Queue);
        await library.Channel.BasicPublishAsync("amq.topic", library.Queue, mandatory: true,
            new BasicProperties { Headers = new Dictionary<string, object?>(headers ?? []) { ["Micro-Topic"] = "orders.created" } }, Encoding.UTF8.GetBytes(body));
    }

    /// <summary>The system's time; counts how often its timers fire.</summary>
    private sealed class CountingTime : TimeProvider
    {
        private int _ticks;

        public int Ticks => Volatile.Read(ref _ticks);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => System.CreateTimer(argument =>
        {
            Interlocked.Increment(ref _ticks);
            callback(argument);
        }, state, dueTime, period);
    }

    private sealed class Log(CollectingLogger log) : ILogger<ListenerWatch>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Log(logLevel, eventId, state, exception, formatter);
    }
}
