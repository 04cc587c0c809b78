namespace RabbitTopics;

/// <summary>No queue is bound to the topic: the broker gave the message back (AMQP 0-9-1, basic.return). Nothing was
/// stored.</summary>
public sealed class PublishReturnedException : TopicPublishException
{
    /// <summary>Says why the broker gave the message back.</summary>
    public PublishReturnedException(string exchange, string topic, string replyText, Exception? innerException = null)
        : base($"The message for {Describe(exchange, topic)} reached no queue ({replyText}). Bind a queue to it, or check the name.",
            exchange, topic, innerException) => ReplyText = replyText;

    /// <summary>The broker's reason.</summary>
    public string ReplyText { get; }
}
