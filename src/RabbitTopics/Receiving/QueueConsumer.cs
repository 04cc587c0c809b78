using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Connections;
using RabbitTopics.Topology;

namespace RabbitTopics.Receiving;

/// <summary>Takes the deliveries of one queue to a handler. Keeps consuming, whatever becomes of the connection, the channel or
/// the queue, until it is stopped.</summary>
/// <param name="broker">The broker.</param>
/// <param name="options">What to consume.</param>
/// <param name="handler">Handles one delivery. An exception out of it counts as a failure. Its token is cancelled when the
/// time for stopping is over.</param>
/// <param name="logger">Is told of everything that interrupts consuming.</param>
internal sealed class QueueConsumer(
    Broker broker,
    QueueConsumerOptions options,
    Func<Delivery, CancellationToken, ValueTask<HandlerResult>> handler,
    ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoning = new();
    private readonly DeliveryHandling _handling = new(broker, options, handler, logger);
    private readonly Func<Delivery, string?>? _partitionKey =
        PartitionKey.Parse(options.HandlerOptions.PartitionKey) is { } keyOf ? delivery => keyOf(delivery.Message) : null;

    private Task _consuming = Task.CompletedTask;
    private bool _disposed;

    /// <summary>Starts consuming in the background; returns at once, also while the broker is down.</summary>
    public void Start()
    {
        Report($"waiting for the broker at {broker.Endpoint}");
        _consuming = Task.Run(ConsumeUntilStoppedAsync);
    }

    /// <summary>Takes no further delivery and waits for those at work. When the token is cancelled the handlers' is, too,
    /// and their messages go back to the queue.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Report(null); // Who has stopped has no queue to consume.
        await _stopping.CancelAsync();
        await using (cancellationToken.Register(_abandoning.Cancel))
        {
            await Stopping.WaitAsync(_consuming, cancellationToken);
        }

        if (!_consuming.IsCompleted)
        {
            logger.LogWarning("Handler '{Handler}' did not end within the time for stopping, nor when it was cancelled; its messages go back to queue '{Queue}' as the program ends.",
                options.Handler, options.Queue);
        }
    }

    /// <summary>Stops at once.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_stopping.IsCancellationRequested)
        {
            await StopAsync(new CancellationToken(canceled: true));
        }

        _stopping.Dispose();
        _abandoning.Dispose();
    }

    private async Task ConsumeUntilStoppedAsync()
    {
        var stop = _stopping.Token;
        string? lastFailure = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var connection = await broker.Consuming.GetOpenAsync(stop);
                await using var channel = await connection.CreateChannelAsync(cancellationToken: stop);
                var ended = await ConsumeAsync(channel, stop);
                lastFailure = null;
                if (!stop.IsCancellationRequested)
                {
                    Report(ended);
                    logger.LogWarning("Consuming queue '{Queue}' was interrupted: {Reason}. Consuming again.", options.Queue, ended.TrimEnd('.'));
                }
            }
            catch (Exception exception) when (!stop.IsCancellationRequested)
            {
                // The same failure every second is said once.
                var failure = Explain(exception);
                if (failure != lastFailure)
                {
                    lastFailure = failure;
                    Report(failure);
                    logger.LogError("Cannot consume queue '{Queue}' at {Endpoint}: {Reason} Trying again until it works.",
                        options.Queue, broker.Endpoint, failure);
                }
            }
            catch (Exception)
            {
                return; // Stopping; whatever broke meanwhile no longer matters.
            }

            await Task.Delay(RetryDelay, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Consumes on one channel until that ends, and says why it ended.</summary>
    private async Task<string> ConsumeAsync(IChannel channel, CancellationToken stop)
    {
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.ChannelShutdownAsync += (_, reason) =>
        {
            ended.TrySetResult($"{reason.ReplyCode} {reason.ReplyText}");
            return Task.CompletedTask;
        };

        if (options.Topology is { } topology)
        {
            await TopologyDeclarer.ApplyAsync(channel, topology, broker.Mode, stop);
        }
        else if (broker.Mode != TopologyMode.None)
        {
            await channel.QueueDeclarePassiveAsync(options.Queue, stop);
        }

        await _handling.PrepareAsync();
        await channel.BasicQosAsync(0, options.HandlerOptions.EffectivePrefetch, global: false, stop);
        var dispatcher = new DeliveryDispatcher(options.HandlerOptions.Concurrency, _partitionKey,
            delivery => ended.Task.IsCompleted // What is left of a lost channel will be delivered again.
                ? Task.CompletedTask
                : _handling.RunAsync(channel, delivery, _stopping.Token, _abandoning.Token));
        var consumer = new ChannelConsumer(channel, _handling, dispatcher, ended);
        var consumerTag = await channel.BasicConsumeAsync(options.Queue, autoAck: false, consumer, stop);
        Report(null);
        logger.LogInformation("Consuming queue '{Queue}' at {Endpoint}, prefetch {Prefetch}, concurrency {Concurrency}.",
            options.Queue, broker.Endpoint, options.HandlerOptions.EffectivePrefetch, options.HandlerOptions.Concurrency);
        await using (stop.Register(() => ended.TrySetResult("stopping")))
        {
            await ended.Task;
        }

        await QuietlyAsync(() => channel.BasicCancelAsync(consumerTag, noWait: true, CancellationToken.None));

        // What was prefetched and not begun goes back to the queue with the channel; what was begun is waited for.
        await dispatcher.DrainAsync();
        await _handling.DrainAsync();
        await QuietlyAsync(() => channel.CloseAsync(CancellationToken.None));
        return await ended.Task;
    }

    /// <summary>What the client library calls. Not the library's consumer with events, which makes an object more for each delivery.</summary>
    private sealed class ChannelConsumer(IChannel channel, DeliveryHandling handling, DeliveryDispatcher dispatcher, TaskCompletionSource<string> ended)
        : AsyncDefaultBasicConsumer(channel)
    {
        public override Task HandleBasicDeliverAsync(string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
            IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default) =>
            dispatcher.DispatchAsync(handling.Read(consumerTag, deliveryTag, redelivered, exchange, routingKey, properties, body));

        protected override Task OnCancelAsync(string[] consumerTags, CancellationToken cancellationToken = default)
        {
            ended.TrySetResult("the broker cancelled the consumer, as it does when the queue is deleted");
            return base.OnCancelAsync(consumerTags, cancellationToken);
        }
    }

    private void Report(string? problem) => broker.Health.Report(options.Handler, options.Queue, problem);

    /// <summary>Says goodbye on a channel that may be gone already.</summary>
    private static async Task QuietlyAsync(Func<Task> goodbye)
    {
        try
        {
            await goodbye();
        }
        catch (Exception exception) when (exception is OperationInterruptedException or IOException or ObjectDisposedException or TimeoutException)
        {
            // The broker gives back what was not settled.
        }
    }

    private string Explain(Exception exception) => exception switch
    {
        OperationInterruptedException { ShutdownReason: { ReplyCode: 404 } reason } when options.Topology is null =>
            $"{reason.ReplyText}. Nothing in this app declares the queue: create it, or put [TopicSubscription] beside the trigger.",
        OperationInterruptedException { ShutdownReason: { ReplyCode: 403 } reason } =>
            $"{AccessRefusal.Describe(reason)}. See docs/permissions.md; with Topology set to Verify the app declares nothing and needs no 'configure'.",
        OperationInterruptedException { ShutdownReason: { ReplyCode: 406 } reason } =>
            $"{reason.ReplyText}. It exists with other properties: delete it, or give it another name.",
        PublishRefusedException { ReplyCode: 404 } refused => $"{refused.ReplyText.TrimEnd('.')}. A message that is retried or parked goes there: create it (docs/settling.md), or set Topology to Declare.",
        OperationInterruptedException { ShutdownReason: { } reason } => $"{reason.ReplyText}.",
        _ => $"{exception.Message.TrimEnd('.')}.",
    };
}
