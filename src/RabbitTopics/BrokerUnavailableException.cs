namespace RabbitTopics;

/// <summary>There was no connection to the broker in time, or it was lost before the broker confirmed the message; in the
/// second case the broker may or may not have it.</summary>
public sealed class BrokerUnavailableException : TopicPublishException
{
    /// <summary>Says what happened to the connection.</summary>
    public BrokerUnavailableException(string exchange, string topic, string reason, Exception? innerException = null)
        : base($"The message for {Describe(exchange, topic)} was not confirmed: {reason}", exchange, topic, innerException)
    {
    }
}
