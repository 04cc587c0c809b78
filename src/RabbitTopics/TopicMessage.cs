using RabbitMQ.Client;

namespace RabbitTopics;

/// <summary>A message and its envelope: its topic, its body as the bytes that were sent, its headers and properties, and
/// how it was delivered. One to publish needs a topic and a body; <see cref="TopicMessage{T}"/> makes the body of a
/// value.</summary>
public class TopicMessage
{
    private ReadOnlyMemory<byte> _body;

    /// <summary>The topic: the topic header where the message has one, else its routing key.</summary>
    public required string Topic { get; init; }

    /// <summary>The body, byte for byte as it was sent.</summary>
    public ReadOnlyMemory<byte> Body { get => _body; init => _body = value; }

    /// <summary>The headers, the topic header among them.</summary>
    public MessageHeaders Headers { get => field ??= new(); init; }

    /// <summary>The AMQP properties.</summary>
    public MessageProperties Properties { get => field ??= DeliveredProperties is { } delivered ? MessageProperties.Read(delivered) : new(); init; }

    /// <summary>The message id: the AMQP property, else the header that go-micro writes it to; null where there is none.</summary>
    public string? Id => Properties.MessageId is { Length: > 0 } id ? id : Headers.GetString(HeaderNames.MessageId);

    /// <summary>The exchange that the message was published to; "" for the default exchange. On every attempt the same.</summary>
    public string Exchange { get; init; } = "";

    /// <summary>The routing key that the message was published with. On every attempt the same; only where another than this
    /// library brought the message back to its queue it is the queue's name, and <see cref="Topic"/> stays what it
    /// was.</summary>
    public string RoutingKey { get; init; } = "";

    /// <summary>Whether the broker delivered the message before, to this consumer or another.</summary>
    public bool Redelivered { get; init; }

    /// <summary>Which attempt at the message this is, from 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>When the first attempt was; null on the first.</summary>
    internal DateTimeOffset? FirstTime { get; init; }

    /// <summary>How often Microsoft's host has published the message anew since the last copy of ours.</summary>
    internal int HostRequeues { get; init; }

    /// <summary>The span of the attempt before, as W3C Trace Context writes it; null where there is none.</summary>
    internal string? PreviousTrace { get; init; }

    /// <summary>What <see cref="Properties"/> are read from when they are asked for; null where they are there.</summary>
    internal IReadOnlyBasicProperties? DeliveredProperties { get; init; }

    /// <summary>What a publisher makes the body of; null where the body is there.</summary>
    internal virtual object? ValueToWrite => null;

    /// <summary>Adds the body to an envelope that came without it.</summary>
    internal void SetBody(ReadOnlyMemory<byte> body) => _body = body;
}
