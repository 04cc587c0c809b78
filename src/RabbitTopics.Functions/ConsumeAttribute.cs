namespace RabbitTopics.Functions;

/// <summary>Beside <c>[Function]</c>: how the function's messages are taken. What is not set here comes from
/// <see cref="RabbitTopicsOptions.Handler"/>. Microsoft's extension in a Functions host has its own rules for all
/// but <see cref="AutoAck"/> and <see cref="Deduplicate"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ConsumeAttribute : Attribute
{
    /// <summary>How many deliveries may be on their way before the first is settled, at least 1. Default:
    /// <see cref="HandlerOptions.Prefetch"/> of the app.</summary>
    public int Prefetch { get => PrefetchOrUnset.GetValueOrDefault(); set => PrefetchOrUnset = value; }

    /// <summary>How many messages this process handles side by side, at least 1. At 1 they are handled in the queue's order.
    /// Default: <see cref="HandlerOptions.Concurrency"/> of the app.</summary>
    public int Concurrency { get => ConcurrencyOrUnset.GetValueOrDefault(); set => ConcurrencyOrUnset = value; }

    /// <summary>Keeps messages of one key in order while those of others run beside them: <c>topic</c>,
    /// <c>correlation-id</c>, or <c>header:NAME</c>. Default: <see cref="HandlerOptions.PartitionKey"/> of the app.</summary>
    public string? PartitionKey { get; set; }

    /// <summary>How long the function may take for one message, as a TimeSpan such as <c>"00:00:30"</c>, or <c>"-1"</c> for no
    /// limit. A <c>%NAME%</c> in it is replaced by the setting of that name. Default: <see cref="HandlerOptions.Timeout"/> of
    /// the app.</summary>
    public string? Timeout { get; set; }

    /// <summary>How long the function may be at work on one message before the log and health name it, as a TimeSpan such as
    /// <c>"00:05:00"</c>, or <c>"-1"</c> for never. A <c>%NAME%</c> in it is replaced by the setting of that name. Default:
    /// <see cref="HandlerOptions.LongRunningAfter"/> of the app.</summary>
    public string? LongRunningAfter { get; set; }

    /// <summary>Leaves out messages that the function has handled, by their ids. Default: <see cref="HandlerOptions.Deduplicate"/> of
    /// the app.</summary>
    public bool Deduplicate { get => DeduplicateOrUnset.GetValueOrDefault(); set => DeduplicateOrUnset = value; }

    /// <summary>Acknowledges each message before it is handled: at most once, an error loses it. Default:
    /// <see cref="HandlerOptions.AutoAck"/> of the app.</summary>
    public bool AutoAck { get => AutoAckOrUnset.GetValueOrDefault(); set => AutoAckOrUnset = value; }

    // An attribute cannot have nullable numbers; these tell 0 and false from what was not set.
    internal int? PrefetchOrUnset { get; private set; }

    internal int? ConcurrencyOrUnset { get; private set; }

    internal bool? DeduplicateOrUnset { get; private set; }

    internal bool? AutoAckOrUnset { get; private set; }
}
