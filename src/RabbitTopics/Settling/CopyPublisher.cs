using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.Messages;
using RabbitTopics.Publishing;
using RabbitTopics.Topology;

namespace RabbitTopics.Settling;

/// <summary>Publishes copies of deliveries to retry and dead-letter queues, makes these queues where it may, and returns when
/// the broker has confirmed.</summary>
/// <param name="broker">The broker of the deliveries.</param>
/// <param name="queueProperties">What the app declares the queue with; its dead-letter queue is of the same type.</param>
internal sealed class CopyPublisher(Broker broker, QueueProperties? queueProperties)
{
    /// <summary>How long a copy may take where somebody waits for it, and the declare of a queue at the start.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Makes the queues that an error policy will need, before a message needs them: a queue made by a broker that is killed
    /// within a second may come back without what it had confirmed. Where the app makes none, looks whether they are
    /// there.</summary>
    /// <exception cref="TopicPublishException">The broker refused; the message names the queue.</exception>
    public async Task PrepareAsync(string queue, ErrorPolicy policy, CancellationToken cancellationToken)
    {
        if (broker.Mode == TopologyMode.None || policy.Action == ErrorAction.Discard)
        {
            return;
        }

        await broker.EnsureQueueAsync(DeadLetterQueue.Name(queue), DeadLetterQueue.Arguments(queueProperties), mayDiffer: true, Timeout, cancellationToken);
        if (policy.Action == ErrorAction.Retry)
        {
            foreach (var delay in policy.Delays.Take(policy.MaxAttempts - 1).Distinct())
            {
                await broker.EnsureQueueAsync(RetryQueue.Name(queue, delay), RetryQueue.Arguments(queue, delay), mayDiffer: false, Timeout, cancellationToken);
            }
        }
    }

    /// <summary>Sends a message to the end of its queue, its attempt counted.</summary>
    /// <exception cref="TopicPublishException">The broker did not take the copy.</exception>
    public Task RequeueAsync(Delivery delivery, TimeSpan within, CancellationToken cancellationToken) =>
        broker.Copies.PublishAsync("", delivery.Queue, MessageCopy.ForRetry(delivery, broker.Consuming.FrameMax), delivery.Message.Body, within, cancellationToken);

    /// <summary>Sends a message to the retry queue of a delay, its attempt counted.</summary>
    /// <exception cref="TopicPublishException">The broker did not take the copy.</exception>
    public Task RetryAsync(Delivery delivery, TimeSpan delay, TimeSpan within, CancellationToken cancellationToken) =>
        PublishAsync(RetryQueue.Name(delivery.Queue, delay), RetryQueue.Arguments(delivery.Queue, delay), MessageCopy.ForRetry(delivery, broker.Consuming.FrameMax), delivery.Message.Body,
            mayDiffer: false, within, cancellationToken);

    /// <summary>Parks a message and returns the name of its dead-letter queue.</summary>
    /// <exception cref="TopicPublishException">The broker did not take the copy.</exception>
    public async Task<string> ParkAsync(Delivery delivery, SettleDecision decision, Exception? failure, TimeSpan within, CancellationToken cancellationToken)
    {
        var queue = DeadLetterQueue.Name(delivery.Queue);
        await PublishAsync(queue, DeadLetterQueue.Arguments(queueProperties), MessageCopy.ForDeadLetter(delivery, decision, failure, DateTimeOffset.UtcNow, broker.Consuming.FrameMax),
            delivery.Message.Body, mayDiffer: true, within, cancellationToken);
        return queue;
    }

    private Task PublishAsync(string queue, Dictionary<string, object?> arguments, BasicProperties copy, ReadOnlyMemory<byte> body, bool mayDiffer,
        TimeSpan within, CancellationToken cancellationToken) =>
        broker.PublishToQueueAsync(broker.Copies, new Publish("", queue, copy, body) { Timeout = within }, arguments, mayDiffer, cancellationToken);
}
