namespace RabbitTopics;

/// <summary>The body is longer than <see cref="RabbitTopicsOptions.MaxMessageBytes"/>, or the headers and properties are longer than a frame of
/// the broker (its frame_max, 131 072 bytes by default); nothing was sent. A broker that is sent too much closes the
/// connection.</summary>
public sealed class MessageTooLargeException : TopicPublishException
{
    /// <summary>Says what is too large.</summary>
    public MessageTooLargeException(string exchange, string topic, string reason, Exception? innerException = null)
        : base($"The message for {Describe(exchange, topic)} is too large: {reason}", exchange, topic, innerException)
    {
    }
}
