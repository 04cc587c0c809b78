using RabbitMQ.Client;
using RabbitTopics.Messages;
using RabbitTopics.Publish;
using RabbitTopics.Receive;

namespace RabbitTopics.Settle;

/// <summary>Parks messages that cannot be handled, with the reason, in the durable queue <c>QUEUE.dead</c> beside their
/// own.</summary>
internal sealed class DeadLetterQueue(ConfirmedPublisher publisher)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>The longest description that is kept, in characters.</summary>
    private const int LongestDescription = 4096;

    /// <summary>Publishes a copy of a delivery to its dead-letter queue and returns that queue's name when the broker has
    /// confirmed it.</summary>
    public async Task<string> ParkAsync(Delivery delivery, Exception? reason, CancellationToken cancellationToken)
    {
        var queue = $"{delivery.Queue}.dead";
        await publisher.DeclareQueueAsync(queue, cancellationToken).WaitAsync(Timeout, cancellationToken);
        await publisher.PublishAsync("", queue, Copy(delivery, reason), delivery.Message.Body, Timeout, cancellationToken);
        return queue;
    }

    private static BasicProperties Copy(Delivery delivery, Exception? reason)
    {
        var properties = new BasicProperties(delivery.RawProperties)
        {
            DeliveryMode = DeliveryModes.Persistent,
            Expiration = null, // A parked message waits for a person, however long.
            UserId = null, // The broker refuses a message in another user's name (https://www.rabbitmq.com/docs/validated-user-id).
        };
        var headers = delivery.RawProperties.Headers is { } raw ? new Dictionary<string, object?>(raw) : [];
        headers[HeaderNames.OriginalExchange] = delivery.Message.Exchange;
        headers[HeaderNames.OriginalRoutingKey] = delivery.Message.RoutingKey;
        headers[HeaderNames.OriginalQueue] = delivery.Queue;
        headers[HeaderNames.DeadLetterReason] = "poison";
        if (reason is not null)
        {
            headers[HeaderNames.DeadLetterDescription] = Bounded(reason.Message);
            headers[HeaderNames.DeadLetterExceptionType] = reason.GetType().FullName;
        }

        properties.Headers = headers;
        return properties;
    }

    private static string Bounded(string text) => text.Length <= LongestDescription ? text : text[..LongestDescription];
}
