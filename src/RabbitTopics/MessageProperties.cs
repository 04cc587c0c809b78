using System.Globalization;
using RabbitMQ.Client;
using RabbitTopics.Messages;

namespace RabbitTopics;

/// <summary>The AMQP basic properties of a message other than its headers (AMQP 0-9-1, class basic). Null: not
/// set.</summary>
public sealed record MessageProperties
{
    /// <summary>The media type of the body.</summary>
    public string? ContentType { get; init; }

    /// <summary>How the body is encoded, for example <c>gzip</c>.</summary>
    public string? ContentEncoding { get; init; }

    /// <summary>Whether the broker writes the message to disk (delivery mode 2) or may forget it in a restart (1).</summary>
    public bool? Persistent { get; init; }

    /// <summary>The priority, 0 to 9; it counts on queues declared with priorities.</summary>
    public byte? Priority { get; init; }

    /// <summary>What this message answers or belongs to.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>The queue that an answer goes to.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>How long the message may wait in a queue before the broker drops or dead-letters it.</summary>
    public TimeSpan? Expiration { get; init; }

    /// <summary>The message's own id.</summary>
    public string? MessageId { get; init; }

    /// <summary>When the message was made; AMQP keeps whole seconds.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>The application's name for the kind of message.</summary>
    public string? Type { get; init; }

    /// <summary>The user that published; the broker checks it.</summary>
    public string? UserId { get; init; }

    /// <summary>The application that published.</summary>
    public string? AppId { get; init; }

    /// <summary>Deprecated in AMQP 0-9-1; kept so that a copy of a message is complete.</summary>
    public string? ClusterId { get; init; }

    internal static MessageProperties Read(IReadOnlyBasicProperties source) => new()
    {
        ContentType = source.ContentType,
        ContentEncoding = source.ContentEncoding,
        Persistent = source.IsDeliveryModePresent() ? source.DeliveryMode == DeliveryModes.Persistent : null,
        Priority = source.IsPriorityPresent() ? source.Priority : null,
        CorrelationId = source.CorrelationId,
        ReplyTo = source.ReplyTo,
        Expiration = AmqpValue.Expiration(source.Expiration),
        MessageId = source.MessageId,
        Timestamp = source.IsTimestampPresent() ? AmqpValue.Time(source.Timestamp.UnixTime) : null,
        Type = source.Type,
        UserId = source.UserId,
        AppId = source.AppId,
        ClusterId = source.ClusterId,
    };

    /// <exception cref="ArgumentException">The expiration is not a number of milliseconds, or AMQP has no type for a header.</exception>
    internal BasicProperties Write(MessageHeaders headers) => Write(HeaderTable.Write(headers));

    /// <exception cref="ArgumentException">The expiration is not a number of milliseconds.</exception>
    internal BasicProperties Write(IDictionary<string, object?>? headers)
    {
        if (Expiration is { } time && (time < TimeSpan.Zero || time.TotalMilliseconds > uint.MaxValue))
        {
            throw new ArgumentException($"The Expiration {time} is not between zero and 49 days, which the broker takes.");
        }

        var target = new BasicProperties
        {
            ContentType = ContentType,
            ContentEncoding = ContentEncoding,
            CorrelationId = CorrelationId,
            ReplyTo = ReplyTo,
            Expiration = Expiration is { } expiration ? ((long)expiration.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) : null,
            MessageId = MessageId,
            Type = Type,
            UserId = UserId,
            AppId = AppId,
            ClusterId = ClusterId,
            Headers = headers,
        };
        if (Persistent is { } persistent)
        {
            target.DeliveryMode = persistent ? DeliveryModes.Persistent : DeliveryModes.Transient;
        }

        if (Priority is { } priority)
        {
            target.Priority = priority;
        }

        if (Timestamp is { } timestamp)
        {
            target.Timestamp = new AmqpTimestamp(timestamp.ToUnixTimeSeconds());
        }

        return target;
    }
}
