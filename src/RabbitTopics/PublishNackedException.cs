namespace RabbitTopics;

/// <summary>The broker said that it could not take the message (https://www.rabbitmq.com/docs/confirms): a queue is full and
/// rejects, or the broker failed. Other queues that the topic is bound to may have the message.</summary>
public sealed class PublishNackedException : TopicPublishException
{
    /// <summary>Names the exchange and the topic.</summary>
    public PublishNackedException(string exchange, string topic, Exception? innerException = null)
        : base($"The broker did not take the message for {Describe(exchange, topic)}: a queue may be full.", exchange, topic, innerException)
    {
    }
}
