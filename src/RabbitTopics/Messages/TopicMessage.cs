namespace RabbitTopics.Messages;

/// <summary>A message and its envelope: its topic, its body as the bytes that were sent, its headers and properties, and
/// how it was delivered.</summary>
public class TopicMessage
{
    /// <summary>The topic: the topic header where the message has one, else its routing key.</summary>
    public required string Topic { get; init; }

    /// <summary>The body, byte for byte as it was sent.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The headers, the topic header among them.</summary>
    public MessageHeaders Headers { get; init; } = new();

    /// <summary>The AMQP properties.</summary>
    public MessageProperties Properties { get; init; } = new();

    /// <summary>The exchange that the message was published to; "" for the default exchange.</summary>
    public string Exchange { get; init; } = "";

    /// <summary>The routing key that the message was published with. After a redelivery by way of a queue this is the
    /// queue's name; <see cref="Topic"/> stays what it was.</summary>
    public string RoutingKey { get; init; } = "";

    /// <summary>Whether the broker delivered the message before, to this consumer or another.</summary>
    public bool Redelivered { get; init; }
}
