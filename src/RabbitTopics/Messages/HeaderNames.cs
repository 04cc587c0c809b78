namespace RabbitTopics.Messages;

/// <summary>Names of headers that mean something to us.</summary>
public static class HeaderNames
{
    /// <summary>The topic that a message was published to, as go-micro names it. The default of
    /// <see cref="RabbitTopicsOptions.TopicHeader"/>.</summary>
    public const string Topic = "Micro-Topic";

    /// <summary>The media type of the body. go-micro reads this header and not the AMQP property.</summary>
    public const string ContentType = "Content-Type";

    /// <summary>Where the broker notes each dead-lettering of a message: a list of tables, the newest first
    /// (https://www.rabbitmq.com/docs/dlx#effects).</summary>
    internal const string Death = "x-death";

    /// <summary>Headers of ours on a parked message.</summary>
    internal const string DeadLetterReason = "rt-dead-letter-reason";
    internal const string DeadLetterDescription = "rt-dead-letter-description";
    internal const string DeadLetterExceptionType = "rt-exception-type";
    internal const string OriginalExchange = "rt-original-exchange";
    internal const string OriginalRoutingKey = "rt-original-routing-key";
    internal const string OriginalQueue = "rt-original-queue";
}
