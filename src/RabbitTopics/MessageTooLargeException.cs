namespace RabbitTopics;

/// <summary>The body is longer than <see cref="RabbitTopicsOptions.MaxMessageBytes"/>; it was not sent. A broker that is sent too much closes
/// the connection.</summary>
public sealed class MessageTooLargeException : TopicPublishException
{
    internal MessageTooLargeException(string exchange, string topic, long length, long limit)
        : base($"The message for {Describe(exchange, topic)} has {length} bytes, and {limit} is the limit (MaxMessageBytes).", exchange, topic, null)
    {
    }
}
