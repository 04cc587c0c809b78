namespace RabbitTopics;

/// <summary>Publishes messages to topics. A call that returns means: the broker has the message, and unless <c>Mandatory</c> is
/// false it routed it to at least one queue. Thread-safe; calls need not be awaited one by one to keep their order.</summary>
public interface ITopicPublisher
{
    /// <summary>Publishes a value: as JSON, or as it is where it is text or bytes.</summary>
    /// <param name="topic">The topic: the routing key. <c>*</c> and <c>#</c> mean nothing in it.</param>
    /// <param name="value">The body; a null body is refused. A <see cref="TopicMessage"/> goes with its headers and
    /// properties.</param>
    /// <param name="options">Where to, and how; null for the app's defaults.</param>
    /// <param name="cancellationToken">Gives up waiting; the broker may then have the message or not.</param>
    /// <exception cref="ArgumentException">The topic is empty, or longer than the 255 bytes of UTF-8 that AMQP
    /// allows; AMQP has no type for a header; or an option is out of range.</exception>
    /// <exception cref="TopicPublishException">The broker did not take the message, or not in time; the type says
    /// why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task PublishAsync(string topic, object value, PublishOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Publishes a message to its own topic.</summary>
    /// <inheritdoc cref="PublishAsync(string, object, PublishOptions?, CancellationToken)"/>
    Task PublishAsync(TopicMessage message, PublishOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Publishes messages to their topics, in order and side by side, and returns when the broker has all of them.</summary>
    /// <param name="messages">The messages.</param>
    /// <param name="options">Where to, and how; null for the app's defaults.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="TopicPublishException">The broker did not take one of them; it may have others. The first error is
    /// thrown.</exception>
    Task PublishAllAsync(IEnumerable<TopicMessage> messages, PublishOptions? options = null, CancellationToken cancellationToken = default);
}
