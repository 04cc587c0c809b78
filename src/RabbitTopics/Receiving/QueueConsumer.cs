using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Health;
using RabbitTopics.Messages;
using RabbitTopics.Settling;
using RabbitTopics.Telemetry;

namespace RabbitTopics.Receiving;

/// <summary>Takes the deliveries of one queue to a handler, and settles them. Keeps consuming, whatever becomes of the connection, the
/// channel, the queue or a handler, until it is stopped.</summary>
internal sealed partial class QueueConsumer : IAsyncDisposable
{
    /// <summary>How long messages are taken one by one at the most: one that is slow, or that waits to be settled, must not hold up the rest.</summary>
    private static readonly TimeSpan SuspectTime = TimeSpan.FromSeconds(10);

    /// <summary>How long a stop may take without a word.</summary>
    private static readonly TimeSpan QuickStop = TimeSpan.FromSeconds(1);

    private readonly Broker _broker;
    private readonly QueueConsumerOptions _options;
    private readonly ILogger _logger;
    private readonly DeliverySource _source;
    private readonly DeliverySettler _settler;
    private readonly DeliveryPumps _pumps;
    private readonly ConsumingLoop _loop;
    private readonly LongRunningWatch _watch;
    private readonly HandlerRunner _runner;

    /// <summary>A consumer that has not started.</summary>
    /// <param name="broker">The broker.</param>
    /// <param name="health">Is told what keeps the queue from being consumed, and of a handler that runs long.</param>
    /// <param name="options">What to consume.</param>
    /// <param name="handler">Handles one delivery; an exception out of it is a failure. Its token is cancelled when its time, or that for
    /// stopping, is over.</param>
    /// <param name="logger">Is told of everything that interrupts consuming, and of every message that was not handled.</param>
    public QueueConsumer(Broker broker, QueueHealth health, QueueConsumerOptions options, Func<Delivery, CancellationToken, ValueTask> handler, ILogger logger)
    {
        _broker = broker;
        _options = options;
        _logger = logger = new SafeLogger(logger);
        _settler = new DeliverySettler(broker, options.Topology?.Properties, options.HandlerOptions, logger, held => health.Warn(options.Handler, options.Queue, "held", held));
        _source = _settler.Source(options.Queue, options.Handler, options.TopicHeader);
        _pumps = new DeliveryPumps(options.HandlerOptions, HandleAsync);
        _loop = new ConsumingLoop(broker, options.Queue, problem => health.Report(options.Handler, options.Queue, problem), logger);
        _watch = new LongRunningWatch(_pumps, options, health, logger);
        _runner = new HandlerRunner(broker, options, handler, _watch, _loop.Stop, _loop.Abandon);
    }

    private int MaxRedeliveries => _options.HandlerOptions.OnError.MaxRedeliveries;

    /// <summary>Starts consuming in the background; returns at once, also while the broker is down.</summary>
    public void Start()
    {
        var watching = _watch.RunAsync(_loop.Stop);
        _loop.Start(ConsumeOnAsync, Advice, () => Task.WhenAll(_pumps.CompleteAsync(), watching));
    }

    /// <summary>Takes no further delivery and waits for those at work. When the token is cancelled the handlers' is, too,
    /// and their messages go back to the queue.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var stopping = _loop.StopAsync(cancellationToken);
        await ((Task)stopping).WaitAsync(QuickStop, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!stopping.IsCompleted && _pumps.AtWork.Count() is > 0 and var atWork)
        {
            WaitingForHandler(_options.Handler, atWork, _options.Queue);
        }

        if (!await stopping)
        {
            HandlerDidNotEnd(_options.Handler, _options.Queue);
        }
    }

    /// <summary>Handles and settles a message that came by no channel, in tests.</summary>
    /// <returns>What came out of its handling, whether the handler completed it itself, and whether it is done: else the broker would have it back.</returns>
    public async Task<(Exception? Failure, bool IsCompletedByHandler, bool IsDone)> HandleWithoutChannelAsync(
        bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        var delivery = new Delivery(_source, redelivered, exchange, routingKey, properties, PooledBody.Copy(body)) { Time = DateTimeOffset.UtcNow };
        var telemetry = HandlingTelemetry.Begin(delivery, _options.LinksTraces);
        var failure = await _runner.RunAsync(delivery);
        telemetry?.NoteHandled(PoisonMessageException.ReasonOf(failure), Secret.Hide(failure?.Message));
        try
        {
            var isDone = await _settler.TrySettleAsync(delivery, failure, _loop.Abandon.IsCancellationRequested, ended: new CancellationToken(canceled: true));
            return (PoisonMessageException.ReasonOf(failure), delivery.ActionsInUse?.IsComplete == true, isDone);
        }
        finally
        {
            telemetry?.End();
        }
    }

    /// <summary>Stops at once.</summary>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    /// <summary>Consumes on one channel until that ends, and says why it ended. It does not wait for handlers of a channel that is lost: the
    /// next one gets its deliveries beside them.</summary>
    private async Task<string> ConsumeOnAsync(IChannel channel, CancellationToken lost, CancellationToken stop)
    {
        await TopologyDeclarer.ApplyAsync(_broker, _options.Topology, _options.Queue, stop);
        await _settler.PrepareAsync(_options.Queue, stop);
        _pumps.Clear();
        using var acknowledger = new Acknowledger(channel, _options.Queue, _options.HandlerOptions.EffectivePrefetch, _logger);
        using var consumer = new ChannelConsumer(channel, _source, _pumps, acknowledger, suspicious: Math.Min(2, MaxRedeliveries), lost);
        await using var stopping = stop.Register(() => consumer.End("stopping"));
        try
        {
            return await ConsumeUntilEndedAsync(consumer, stop);
        }
        finally
        {
            await (stop.IsCancellationRequested ? consumer.StopAsync() : Task.CompletedTask);
        }
    }

    private async Task<string> ConsumeUntilEndedAsync(ChannelConsumer consumer, CancellationToken stop)
    {
        var prefetch = _options.HandlerOptions.EffectivePrefetch;
        var first = LooksForSuspects ? (ushort)1 : prefetch;
        await consumer.ConsumeAsync(_options.Queue, first, stop);
        _loop.Report(null);
        ConsumingQueue(_options.Queue, _broker.Endpoint, prefetch, _options.HandlerOptions.Concurrency);
        if (first < prefetch)
        {
            await consumer.FirstUnsuspicious.WaitAsync(SuspectTime, consumer.Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await (consumer.Ended.IsCancellationRequested ? Task.CompletedTask : consumer.ConsumeAsync(_options.Queue, prefetch, stop));
        }

        await Task.Delay(Timeout.Infinite, consumer.Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return consumer.Reason;
    }

    /// <summary>Whether the first messages are taken one by one. A message that ends the process is then alone with the broker's count of its
    /// deliveries, and those that were prefetched with it are not parked as well. Where another process would become the
    /// active consumer meanwhile, it is not worth it.</summary>
    private bool LooksForSuspects =>
        MaxRedeliveries != ErrorPolicy.Unlimited && _options.Topology?.Properties is { IsQuorum: true, HasSingleActiveConsumer: false };

    /// <summary>Handles a delivery, and settles it or lets that go on. Does not throw.</summary>
    private async Task HandleAsync(ChannelConsumer from, Delivery delivery)
    {
        if (_options.HandlerOptions.AutoAck && !await from.Acknowledger.TryAcknowledgeAtOnceAsync(delivery))
        {
            from.Acknowledger.End(); // It is delivered again.
            return;
        }

        var telemetry = HandlingTelemetry.Begin(delivery, _options.LinksTraces);
        var failure = await _runner.RunAsync(delivery);
        telemetry?.NoteHandled(PoisonMessageException.ReasonOf(failure), Secret.Hide(failure?.Message));
        var settling = _settler.SettleAsync(from.Acknowledger, delivery, _pumps.HaveMore, failure, _loop.Abandon.IsCancellationRequested, from.Ended);
        if (failure is null && delivery.ActionsInUse is null)
        {
            try
            {
                await settling;
            }
            finally
            {
                telemetry?.End();
                delivery.Release();
            }
        }
        else
        {
            // The next message need not wait until the broker has confirmed a copy of this one.
            _ = EndAsync(settling.AsTask(), telemetry);
        }
    }

    private static async Task EndAsync(Task settling, HandlingTelemetry? telemetry)
    {
        await settling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        telemetry?.End();
    }

    private string? Advice(Exception exception) => (ConsumingLoop.ReplyCode(exception), exception) switch
    {
        (404, PublishRefusedException) => "A message that is retried or parked goes there: create it (docs/settling.md), or set Topology to Declare.",
        (404, _) when _options.Topology is null => "Nothing in this app declares the queue: create it, or put [TopicSubscription] beside the trigger.",
        (403, _) when _options.Queue.StartsWith("amq.", StringComparison.Ordinal) => "Names that begin with 'amq.' are the broker's own: give the queue another.",
        (403, _) => "See docs/permissions.md; with Topology set to Verify the app declares nothing and needs no 'configure'.",
        (406, _) => "It exists with other properties, and the broker names the first that differs: with another Type that may be one that the type brings along. "
            + "Give the queue another name, or delete it once it is empty: its messages go with it.",
        _ => null,
    };

    [LoggerMessage(LogLevel.Information, "Handler '{Handler}' is waited for: it is at work on {Count} message(s) of queue '{Queue}'.")]
    private partial void WaitingForHandler(string handler, int count, string queue);

    [LoggerMessage(LogLevel.Warning, "Handler '{Handler}' did not end within the time for stopping, nor when it was cancelled; its messages go back to queue '{Queue}' as the program ends.")]
    private partial void HandlerDidNotEnd(string handler, string queue);

    [LoggerMessage(LogLevel.Information, "Consuming queue '{Queue}' at {Endpoint}, prefetch {Prefetch}, concurrency {Concurrency}.")]
    private partial void ConsumingQueue(string queue, BrokerEndpoint endpoint, ushort prefetch, int concurrency);
}
