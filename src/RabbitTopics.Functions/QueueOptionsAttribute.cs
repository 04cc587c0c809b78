namespace RabbitTopics.Functions;

/// <summary>Beside <c>[RabbitMQTrigger]</c> and <c>[TopicSubscription]</c>: what kind of queue is made. RabbitMQ does not change a
/// queue that is there: with other options it refuses (406), and the error names queue and argument.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class QueueOptionsAttribute : Attribute
{
    /// <summary>Whether the queue outlives a restart of the broker. Default: true.</summary>
    public bool Durable { get; set; } = true;

    /// <summary>Whether the queue goes, with what is in it, when its last consumer does. Default: false.</summary>
    public bool AutoDelete { get; set; }

    /// <summary>Whether only this process may use the queue, which goes with its connection. Default: false.</summary>
    public bool Exclusive { get; set; }

    /// <summary>The queue's type: <c>classic</c> or <c>quorum</c>. Default: the broker's.</summary>
    public string? Type { get; set; }

    /// <summary>The highest priority of its messages, 1 to 255; a classic queue only. Default: none, no priorities.</summary>
    public int MaxPriority { get => MaxPriorityOrUnset.GetValueOrDefault(); set => MaxPriorityOrUnset = value; }

    /// <summary>Whether one consumer at a time gets messages, and another takes over when it goes: order with a stand-by.
    /// Default: false.</summary>
    public bool SingleActiveConsumer { get; set; }

    /// <summary>How many messages may wait, at least 1. What is done beyond it is <see cref="Overflow"/>. Default: no limit.</summary>
    public long MaxLength { get => MaxLengthOrUnset.GetValueOrDefault(); set => MaxLengthOrUnset = value; }

    /// <summary>How many bytes of bodies may wait, at least 1. What is done beyond it is <see cref="Overflow"/>. Default: no limit.</summary>
    public long MaxLengthBytes { get => MaxLengthBytesOrUnset.GetValueOrDefault(); set => MaxLengthBytesOrUnset = value; }

    /// <summary>What a full queue does: <c>drop-head</c> drops its oldest message, <c>reject-publish</c> refuses the new one, so
    /// that its publisher knows, <c>reject-publish-dlx</c> dead-letters that one as well. Must be said where there is a limit. Default: none.</summary>
    public string? Overflow { get; set; }

    /// <summary>How long a message may wait, as a TimeSpan; then the broker drops it, or dead-letters it where
    /// <see cref="DeadLetterExchange"/> is set. Default: no limit.</summary>
    public string? MessageTtl { get; set; }

    /// <summary>How long the queue may be unused before the broker deletes it, with what is in it, as a TimeSpan. Default: no
    /// limit.</summary>
    public string? Expires { get; set; }

    /// <summary>The exchange that the broker sends to what it drops from the queue; "" is the default exchange. What handlers
    /// cannot handle goes to <c>QUEUE.dead</c> whatever this is. Default: none; for a quorum queue <c>QUEUE.dead</c>, as RabbitMQ
    /// drops from one what went back too often.</summary>
    public string? DeadLetterExchange { get; set; }

    /// <summary>The routing key for <see cref="DeadLetterExchange"/>. Default: the message's own.</summary>
    public string? DeadLetterRoutingKey { get; set; }

    /// <summary>Any other arguments of the queue, names and values in turn: <c>["x-queue-mode", "lazy"]</c>. Default:
    /// none.</summary>
    public object[] Arguments { get; set; } = [];

    internal int? MaxPriorityOrUnset { get; private set; }

    internal long? MaxLengthOrUnset { get; private set; }

    internal long? MaxLengthBytesOrUnset { get; private set; }
}
