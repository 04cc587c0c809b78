namespace RabbitTopics;

/// <summary>How the messages of a handler are taken and settled.</summary>
public sealed record HandlerOptions
{
    /// <summary>How many deliveries may be on their way before the first is settled, at least 1; never fewer than
    /// <see cref="Concurrency"/>. Default: 30, as Microsoft's extension has it.</summary>
    public int Prefetch { get; init; } = 30;

    /// <summary>How many messages of the queue this process handles side by side, at least 1. At 1 they are handled in the
    /// queue's order. Default: 1.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>Keeps messages of one key in order while those of others run beside them: <c>topic</c>,
    /// <c>correlation-id</c>, or <c>header:NAME</c>. Messages without a key run in any order. Default: null, no order beyond
    /// <see cref="Concurrency"/> 1.</summary>
    public string? PartitionKey { get; init; }

    /// <summary>How long the handler may take for one message; then its token is cancelled, and that counts as an error.
    /// A handler that succeeds within another five seconds has succeeded. Default: no limit,
    /// <see cref="System.Threading.Timeout.InfiniteTimeSpan"/>.</summary>
    public TimeSpan Timeout { get; init; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>How long the handler may be at work on one message before that is said: once in the log, and in health, which is degraded as
    /// long as it lasts. Default: one minute. <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> for never.</summary>
    public TimeSpan LongRunningAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Acknowledges each message before it is handled: at most once. An error, or the end of the process, loses it.
    /// Default: false.</summary>
    public bool AutoAck { get; init; }

    /// <summary>Leaves out messages that were handled: those whose id (<see cref="TopicMessage.Id"/>) an
    /// <see cref="IDeduplicationStore"/> knows. A message without an id is always handled. Default: false.</summary>
    public bool Deduplicate { get; init; }

    /// <summary>What is done when the handler fails.</summary>
    public ErrorPolicy OnError { get; init; } = new();

    /// <summary>What the broker is told as the prefetch count.</summary>
    internal ushort EffectivePrefetch => (ushort)Math.Max(Prefetch, Concurrency);

    /// <summary>Checks the values.</summary>
    /// <exception cref="FormatException">One is out of range; the message says which and what to do.</exception>
    public void Validate()
    {
        if (Prefetch is < 1 or > ushort.MaxValue || Concurrency is < 1 or > ushort.MaxValue)
        {
            throw new FormatException($"Prefetch is {Prefetch} and Concurrency {Concurrency}. Both are whole numbers from 1 to {ushort.MaxValue}.");
        }

        if (Timeout != System.Threading.Timeout.InfiniteTimeSpan && (Timeout <= TimeSpan.Zero || Timeout > ErrorPolicy.LongestDelay))
        {
            throw new FormatException($"the handler timeout {Timeout} is not between zero and {ErrorPolicy.LongestDelay.TotalDays:0} days. Leave it out for no limit.");
        }

        _ = Receiving.PartitionKey.Parse(PartitionKey);
        OnError.Validate();
    }
}
