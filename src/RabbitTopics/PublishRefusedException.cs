namespace RabbitTopics;

/// <summary>The broker closed the channel because of the publish: the exchange does not exist (404), the user may not write
/// to it (403), or a property or the size is not allowed (406; of several messages under way, it may have been that of
/// another).</summary>
public sealed class PublishRefusedException : TopicPublishException
{
    /// <summary>Says why the broker refused.</summary>
    public PublishRefusedException(string exchange, string topic, int replyCode, string replyText, Exception? innerException = null)
        : base($"The broker refused the message for {Describe(exchange, topic)}: {replyText}.", exchange, topic, innerException)
    {
        ReplyCode = replyCode;
        ReplyText = replyText;
    }

    /// <summary>The AMQP reply code.</summary>
    public int ReplyCode { get; }

    /// <summary>The broker's reason, with the permission where the user lacks one.</summary>
    public string ReplyText { get; }
}
