using System.Diagnostics.CodeAnalysis;

namespace RabbitTopics;

/// <summary>A message whose body was read as a <typeparamref name="T"/>.</summary>
/// <typeparam name="T">The type of the body.</typeparam>
public sealed class TopicMessage<T> : TopicMessage
{
    /// <summary>The envelope of a message together with its body, read.</summary>
    [SetsRequiredMembers]
    public TopicMessage(TopicMessage message, T value)
    {
        ArgumentNullException.ThrowIfNull(message);
        Topic = message.Topic;
        Body = message.Body;
        Headers = message.Headers;
        Properties = message.Properties;
        Exchange = message.Exchange;
        RoutingKey = message.RoutingKey;
        Redelivered = message.Redelivered;
        Attempt = message.Attempt;
        FirstTime = message.FirstTime;
        HostRequeues = message.HostRequeues;
        PreviousTrace = message.PreviousTrace;
        Value = value;
    }

    /// <summary>A message to publish, its body made of a value.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="value">The body; written as JSON unless it is text or bytes.</param>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    [SetsRequiredMembers]
    public TopicMessage(string topic, T value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Topic = topic;
        Value = value;
    }

    /// <summary>The body.</summary>
    public T Value { get; }

    internal override object? ValueToWrite => Value;
}
