using RabbitMQ.Client;
using RabbitTopics.Messages;

namespace RabbitTopics.Receive;

/// <summary>A message as the broker delivered it to a consumer.</summary>
public sealed class Delivery
{
    /// <summary>The queue it was taken from.</summary>
    public required string Queue { get; init; }

    /// <summary>The consumer that it was delivered to.</summary>
    public required string ConsumerTag { get; init; }

    /// <summary>The number of the delivery on its channel.</summary>
    public required ulong DeliveryTag { get; init; }

    /// <summary>The message, its topic resolved.</summary>
    public required TopicMessage Message { get; init; }

    /// <summary>The properties and the headers with the types that they had on the wire, for a faithful copy.</summary>
    internal IReadOnlyBasicProperties RawProperties { get; init; } = new BasicProperties();
}
