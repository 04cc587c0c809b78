namespace RabbitTopics.Publish;

/// <summary>Publishes messages to topics. A call that returns means: the broker has the message and routed it to at least
/// one queue. Thread-safe.</summary>
public interface ITopicPublisher
{
    /// <summary>Publishes a value as JSON, persistent, with the topic in the topic header.</summary>
    /// <param name="topic">The topic: the routing key, without wildcards.</param>
    /// <param name="value">The body; a null body is refused.</param>
    /// <param name="options">Where to; null for the app's defaults.</param>
    /// <param name="cancellationToken">Gives up waiting; the broker may then have the message or not.</param>
    /// <exception cref="ArgumentException">The topic is empty, or longer than the 255 bytes of UTF-8 that AMQP
    /// allows.</exception>
    /// <exception cref="TopicPublishException">The broker did not take the message, or not in time; the type says
    /// why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task PublishAsync(string topic, object value, PublishOptions? options = null, CancellationToken cancellationToken = default);
}
