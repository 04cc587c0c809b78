using RabbitTopics.Messages;
using RabbitTopics.Publishing;
using RabbitTopics.Topology;

namespace RabbitTopics.Testing;

/// <summary>A message that the app published, or that was parked.</summary>
public sealed class PublishedMessage
{
    private readonly MessageBody _bodies;

    internal PublishedMessage(Publish publish, string topicHeader, MessageBody bodies)
    {
        _bodies = bodies;
        Headers = HeaderTable.Read(publish.Properties.Headers);
        Message = Envelope.Read(HeaderTable.Read(publish.Properties.Headers), publish.Properties, publish.Exchange, publish.RoutingKey, redelivered: false, publish.Body, topicHeader);
        (Exchange, RoutingKey, Delay) = (publish.Exchange.Length == 0 ? RetryQueue.ReadDelayed(publish.RoutingKey) : null) ?? (publish.Exchange, publish.RoutingKey, TimeSpan.Zero);
        Mandatory = publish.Mandatory;
    }

    /// <summary>The message as a handler would get it: topic, body, headers, properties.</summary>
    public TopicMessage Message { get; }

    /// <summary>The topic: the topic header where the message has one, else the routing key.</summary>
    public string Topic => Message.Topic;

    /// <summary>The exchange that it was published to; "" for the default exchange, which routes to the queue of the routing key's name.</summary>
    public string Exchange { get; }

    /// <summary>The routing key that it was published with.</summary>
    public string RoutingKey { get; }

    /// <summary>How long it waits before it reaches its exchange: <see cref="PublishOptions.Delay"/>, rounded up to two digits.</summary>
    public TimeSpan Delay { get; }

    /// <summary>Whether a message that reaches no queue is an error to its publisher.</summary>
    public bool Mandatory { get; }

    /// <summary>The headers, those of <see cref="HeaderNames"/> with the story of a parked message among them.</summary>
    public MessageHeaders Headers { get; }

    /// <summary>Reads the body as a handler with a parameter of the type would get it.</summary>
    /// <typeparam name="T">The type.</typeparam>
    /// <exception cref="BodyFormatException">The body cannot be read as that.</exception>
    public T? As<T>() => (T?)_bodies.Read(Message, typeof(T));
}
