namespace RabbitTopics;

/// <summary>The broker did not confirm the message in time. It may or may not have it.</summary>
public sealed class PublishTimeoutException : TopicPublishException
{
    /// <summary>Says how long it took, and why the broker takes no messages at the moment where that is so.</summary>
    public PublishTimeoutException(string exchange, string topic, TimeSpan timeout, string? blocked = null, Exception? innerException = null)
        : base($"The broker did not confirm the message for {Describe(exchange, topic)} within {timeout.TotalSeconds:0.###} s."
            + (blocked is null ? "" : $" It takes no messages at the moment: {blocked}."), exchange, topic, innerException)
    {
    }
}
