namespace RabbitTopics;

/// <summary>The publishes that wait for the broker have as many bytes as <see cref="RabbitTopicsOptions.MaxPublishBacklogBytes"/> allows; nothing
/// was sent.</summary>
public sealed class PublishBacklogException : TopicPublishException
{
    /// <summary>Says how much waits.</summary>
    public PublishBacklogException(string exchange, string topic, long waitingBytes, long maxBytes, Exception? innerException = null)
        : base($"The message for {Describe(exchange, topic)} was not taken: publishes to this exchange with {waitingBytes} bytes wait for the broker, and MaxPublishBacklogBytes is {maxBytes}. "
            + "Await publishes before you begin further ones.", exchange, topic, innerException)
    {
    }
}
