using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Connection;
using RabbitTopics.Messages;
using RabbitTopics.Settle;
using RabbitTopics.Topology;

namespace RabbitTopics.Receive;

/// <summary>What to consume.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Prefetch">How many deliveries may be on their way before the first is settled; at least 1.</param>
/// <param name="Topology">What to declare first; null where the queue must exist already.</param>
/// <param name="TopicHeader">The name of the topic header.</param>
public sealed record QueueConsumerOptions(string Queue, ushort Prefetch, QueueTopology? Topology, string TopicHeader);

/// <summary>Takes the deliveries of one queue, one after another and in order, to a handler, and settles each. Keeps
/// consuming, whatever becomes of the connection, the channel or the queue, until it is stopped.</summary>
/// <param name="broker">The broker.</param>
/// <param name="options">What to consume.</param>
/// <param name="handler">Handles one delivery. An exception out of it counts as a failure. Its token is cancelled when the
/// time for stopping is over.</param>
/// <param name="logger">Is told of everything that interrupts consuming.</param>
public sealed class QueueConsumer(
    Broker broker,
    QueueConsumerOptions options,
    Func<Delivery, CancellationToken, Task<HandlerResult>> handler,
    ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoning = new();
    private readonly DeliverySettler _settler = new(broker, logger);
    private Task _consuming = Task.CompletedTask;

    /// <summary>Starts consuming in the background; returns at once, also while the broker is down.</summary>
    public void Start() => _consuming = Task.Run(ConsumeUntilStoppedAsync);

    /// <summary>Takes no further delivery and waits for the one at work. When the token is cancelled the handler's is, too,
    /// and the message goes back to the queue.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await using (cancellationToken.Register(_abandoning.Cancel))
        {
            await Stopping.WaitAsync(_consuming, cancellationToken);
        }
    }

    /// <summary>Stops at once.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true));
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
                    logger.LogWarning("Consuming queue '{Queue}' was interrupted: {Reason}. Consuming again.", options.Queue, ended);
                }
            }
            catch (Exception exception) when (!stop.IsCancellationRequested)
            {
                // The same failure every second is said once.
                var failure = Explain(exception);
                if (failure != lastFailure)
                {
                    lastFailure = failure;
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
            await TopologyDeclarer.DeclareAsync(channel, topology, stop);
        }
        else
        {
            await channel.QueueDeclarePassiveAsync(options.Queue, stop);
        }

        await channel.BasicQosAsync(0, options.Prefetch, global: false, stop);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.UnregisteredAsync += (_, _) =>
        {
            ended.TrySetResult("the broker cancelled the consumer, as it does when the queue is deleted");
            return Task.CompletedTask;
        };
        var oneAtATime = new SemaphoreSlim(1, 1); // Not disposed: a late callback may still come by.
        consumer.ReceivedAsync += async (_, arguments) =>
        {
            await oneAtATime.WaitAsync(CancellationToken.None);
            try
            {
                if (!ended.Task.IsCompleted) // What is left of a lost channel will be delivered again.
                {
                    await HandleAsync(channel, arguments);
                }
            }
            finally
            {
                oneAtATime.Release();
            }
        };

        var consumerTag = await channel.BasicConsumeAsync(options.Queue, autoAck: false, consumer, stop);
        logger.LogInformation("Consuming queue '{Queue}' at {Endpoint}, prefetch {Prefetch}.", options.Queue, broker.Endpoint, options.Prefetch);
        await using (stop.Register(() => ended.TrySetResult("stopping")))
        {
            await ended.Task;
        }

        await QuietlyAsync(() => channel.BasicCancelAsync(consumerTag, noWait: true, CancellationToken.None));

        // What was prefetched and not begun goes back to the queue with the channel; what was begun is waited for.
        await oneAtATime.WaitAsync(CancellationToken.None);
        oneAtATime.Release();
        await QuietlyAsync(() => channel.CloseAsync(CancellationToken.None));
        return await ended.Task;
    }

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

    private async Task HandleAsync(IChannel channel, BasicDeliverEventArgs arguments)
    {
        var delivery = Read(arguments);
        HandlerResult result;
        try
        {
            result = await handler(delivery, _abandoning.Token);
        }
        catch (Exception exception)
        {
            result = new HandlerResult(_abandoning.IsCancellationRequested ? DeliveryOutcome.Stopped : DeliveryOutcome.Failed, exception);
        }

        await _settler.SettleAsync(channel, delivery, result, _stopping.Token);
    }

    private Delivery Read(BasicDeliverEventArgs arguments)
    {
        var headers = HeaderTable.Read(arguments.BasicProperties.Headers);
        var topic = TopicHeader.Resolve(headers, options.TopicHeader, arguments.Exchange, arguments.RoutingKey);
        return new Delivery
        {
            Queue = options.Queue,
            ConsumerTag = arguments.ConsumerTag,
            DeliveryTag = arguments.DeliveryTag,
            RawProperties = arguments.BasicProperties,
            Message = new TopicMessage
            {
                Topic = topic,
                Body = arguments.Body.ToArray(), // The client reuses its buffer after this callback.
                Headers = headers.With(options.TopicHeader, topic),
                Properties = MessageProperties.Read(arguments.BasicProperties),
                Exchange = arguments.Exchange,
                RoutingKey = arguments.RoutingKey,
                Redelivered = arguments.Redelivered,
            },
        };
    }

    private string Explain(Exception exception) => exception switch
    {
        OperationInterruptedException { ShutdownReason: { ReplyCode: 404 } reason } when options.Topology is null =>
            $"{reason.ReplyText}. Nothing in this app declares the queue: create it, or put [TopicSubscription] beside the trigger.",
        OperationInterruptedException { ShutdownReason: { ReplyCode: 406 } reason } =>
            $"{reason.ReplyText}. It exists with other properties: delete it, or give it another name.",
        OperationInterruptedException { ShutdownReason: { } reason } => $"{reason.ReplyText}.",
        _ => $"{exception.Message.TrimEnd('.')}.",
    };
}
