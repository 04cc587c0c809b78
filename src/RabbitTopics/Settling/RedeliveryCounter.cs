using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.Connections;
using RabbitTopics.Messages;
using RabbitTopics.Receiving;

namespace RabbitTopics.Settling;

/// <summary>Counts how often the handling of a message was begun and never ended. A message that kills the process leaves nobody to
/// count, so the broker does: a quorum queue by itself, and for a classic queue by marks. A delivery that the broker
/// flags as redelivered leaves a mark in a small queue of the message's own, <c>QUEUE.begun.HASH</c>, before it is
/// handled, and the queue is deleted when it was settled.</summary>
/// <param name="broker">The broker of the deliveries. Where the app makes no queues there, classic queues have no count.</param>
/// <param name="logger">Is told when counting fails.</param>
internal sealed class RedeliveryCounter(Broker broker, ILogger logger)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Marks that nobody came back to, because the message was handled elsewhere, go away.</summary>
    private static readonly TimeSpan MarkLifetime = TimeSpan.FromDays(1);

    /// <summary>How many messages of one mark queue are being handled here: those that are alike leave one mark.</summary>
    private readonly Dictionary<string, (int Messages, Task<long> Counting)> _atWork = [];

    /// <summary>Notes that a redelivered message is about to be handled, and says how often that was begun before and never
    /// ended, as far as is known.</summary>
    public async Task<long> BeginAsync(Delivery delivery)
    {
        if (BrokersCount(delivery) is { } count)
        {
            return count;
        }

        if (!LeavesMark(delivery))
        {
            return 0;
        }

        Task<long> counting;
        var queue = QueueOf(delivery);
        lock (_atWork)
        {
            var (others, begun) = _atWork.GetValueOrDefault(queue);
            counting = begun ?? CountAsync(delivery.Queue, queue);
            _atWork[queue] = (others + 1, counting);
        }

        return await counting;
    }

    /// <summary>Forgets a message whose handling has ended.</summary>
    public async Task EndAsync(Delivery delivery)
    {
        if (!LeavesMark(delivery))
        {
            return;
        }

        var queue = QueueOf(delivery);
        lock (_atWork)
        {
            var (messages, counting) = _atWork[queue];
            if (messages > 1)
            {
                _atWork[queue] = (messages - 1, counting);
                return;
            }

            _atWork.Remove(queue);
        }

        using var limit = new CancellationTokenSource(Timeout);
        try
        {
            await broker.UseChannelAsync(channel => channel.QueueDeleteAsync(queue, cancellationToken: limit.Token), limit.Token);
        }
        catch (Exception exception)
        {
            logger.LogWarning("The marks of a message of queue '{Queue}' stay for a day: {Reason}", delivery.Queue, exception.Message);
        }
    }

    private bool LeavesMark(Delivery delivery) =>
        broker.Mode == TopologyMode.Declare && delivery.MayHaveEndedAProcess && BrokersCount(delivery) is null;

    /// <summary>The count of a quorum queue; null where the queue is of another type.</summary>
    private static long? BrokersCount(Delivery delivery) =>
        delivery.RawProperties.Headers is { } headers && headers.TryGetValue(HeaderNames.DeliveryCount, out var count) ? AmqpValue.Count(count) : null;

    private async Task<long> CountAsync(string consumed, string queue)
    {
        using var limit = new CancellationTokenSource(broker.PublishingBlockedReason is null ? Timeout : TimeSpan.Zero);
        try
        {
            var marks = 0u;
            await broker.UseChannelAsync(async channel =>
            {
                var arguments = new Dictionary<string, object?> { ["x-expires"] = (long)MarkLifetime.TotalMilliseconds };
                marks = (await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments,
                    cancellationToken: limit.Token)).MessageCount;
            }, limit.Token);
            await broker.Publisher.PublishAsync("", queue, new BasicProperties { Persistent = true }, ReadOnlyMemory<byte>.Empty, Timeout, limit.Token);
            return marks + 1; // The first time it was begun it was not flagged, and left no mark.
        }
        catch (Exception exception)
        {
            logger.LogWarning("A message of queue '{Queue}' that was delivered before is handled without being counted: {Reason}",
                consumed, exception.Message);
            return 0;
        }
    }

    /// <summary>The same for each delivery of one message. Messages that are alike to the last byte and have no id share
    /// it.</summary>
    private static string QueueOf(Delivery delivery)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{delivery.Message.Properties.MessageId}\n{delivery.Message.RoutingKey}\n{delivery.Message.Attempt}\n"));
        hash.AppendData(delivery.Message.Body.Span);
        return $"{delivery.Queue}.begun.{Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8))}";
    }
}
