namespace RabbitTopics;

/// <summary>Names of headers that mean something to us.</summary>
public static class HeaderNames
{
    /// <summary>The topic that a message was published to, as go-micro names it. The default of
    /// <see cref="RabbitTopicsOptions.TopicHeader"/>.</summary>
    public const string Topic = "Micro-Topic";

    /// <summary>The media type of the body. go-micro reads this header and not the AMQP property.</summary>
    public const string ContentType = "Content-Type";

    /// <summary>The message id, as go-micro up to v4.9 names it; later ones write <c>Micro-ID</c>. go-micro sets no AMQP
    /// property.</summary>
    public const string MessageId = "Micro-Id";

    /// <summary>On a parked message: why it is, see <see cref="DeadLetterReasons"/>.</summary>
    public const string DeadLetterReason = "rt-dead-letter-reason";

    /// <summary>On a parked message: the reason in words.</summary>
    public const string DeadLetterDescription = "rt-dead-letter-description";

    /// <summary>On a parked message: how often it was handled.</summary>
    public const string DeadLetterAttempts = "rt-dead-letter-attempts";

    /// <summary>On a parked message: when it was parked.</summary>
    public const string DeadLetterTime = "rt-dead-letter-time";

    /// <summary>On a parked message: the type of the last attempt's exception.</summary>
    public const string ExceptionType = "rt-exception-type";

    /// <summary>On a parked message: the message of the last attempt's exception.</summary>
    public const string ExceptionMessage = "rt-exception-message";

    /// <summary>On a parked message: where the last attempt's exception was thrown.</summary>
    public const string ExceptionStack = "rt-exception-stack";

    /// <summary>On a copy: when the message was first handled.</summary>
    public const string FirstTime = "rt-first-time";

    /// <summary>On a copy: the exchange that the message was published to.</summary>
    public const string OriginalExchange = "rt-original-exchange";

    /// <summary>On a copy: the routing key that the message was published with.</summary>
    public const string OriginalRoutingKey = "rt-original-routing-key";

    /// <summary>On a parked message: the queue that it was taken from.</summary>
    public const string OriginalQueue = "rt-original-queue";

    /// <summary>On a parked message: the function, or other handler, that it was for.</summary>
    public const string Handler = "rt-handler";

    /// <summary>On a copy that had to be made to fit: the headers that were cut short.</summary>
    public const string CutHeaders = "rt-cut-headers";

    /// <summary>On a copy for another attempt: how many there were.</summary>
    internal const string Attempts = "rt-attempts";

    /// <summary>On a copy: the span of the attempt before, as W3C Trace Context writes it.</summary>
    internal const string TraceParent = "rt-traceparent";

    /// <summary>On a copy, before the name of what the broker would act on: the value that the message had.</summary>
    internal const string KeptPrefix = "rt-kept-";

    /// <summary>How often Microsoft's host has published the message anew after a failure.</summary>
    internal const string MicrosoftRequeueCount = "x-ms-rabbitmq-requeuecount";

    /// <summary>Where the broker notes each dead-lettering of a message: a list of tables, the newest first
    /// (https://www.rabbitmq.com/docs/dlx#effects).</summary>
    internal const string Death = "x-death";

    /// <summary>How often a quorum queue delivered the message before (https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling).</summary>
    internal const string DeliveryCount = "x-delivery-count";

    /// <summary>How often RabbitMQ 4.3 and later delivered the message from a quorum queue, however that ended (docs/brokers.md).</summary>
    internal const string AcquiredCount = "x-acquired-count";
}
