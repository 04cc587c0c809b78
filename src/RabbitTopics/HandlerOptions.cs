using static RabbitTopics.Startup.OptionsValidation;

namespace RabbitTopics;

/// <summary>How the messages of a handler are taken and settled.</summary>
public sealed class HandlerOptions
{
    /// <summary>How many deliveries may be on their way before the first is settled, at least 1; never fewer than
    /// <see cref="Concurrency"/>. Default: 30, as Microsoft's extension has it.</summary>
    public int Prefetch { get; set; } = 30;

    /// <summary>How many messages of the queue this process handles side by side, at least 1. At 1 they are handled in the
    /// queue's order. Default: 1.</summary>
    public int Concurrency { get; set; } = 1;

    /// <summary>Keeps messages of one key in order while those of others run beside them: <c>topic</c>,
    /// <c>correlation-id</c>, or <c>header:NAME</c>. Messages without a key run in any order. Default: null, no order beyond
    /// <see cref="Concurrency"/> 1.</summary>
    public string? PartitionKey { get; set; }

    /// <summary>How long the handler may take for one message; then its token is cancelled, and that counts as an error.
    /// A handler that succeeds within another five seconds has succeeded. Default: no limit,
    /// <see cref="System.Threading.Timeout.InfiniteTimeSpan"/>.</summary>
    public TimeSpan Timeout { get; set; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>Acknowledges each message before it is handled: at most once. An error, or the end of the process, loses it.
    /// Default: false.</summary>
    public bool AutoAck { get; set; }

    /// <summary>Leaves out messages that were handled: those whose id (<see cref="TopicMessage.Id"/>) an
    /// <see cref="IDeduplicationStore"/> knows. A message without an id is always handled. Default: false.</summary>
    public bool Deduplicate { get; set; }

    /// <summary>A handler at work on one message for longer is named in the log, once, and in health, which is degraded meanwhile. Default: one
    /// minute. <see cref="System.Threading.Timeout.InfiniteTimeSpan"/>: never.</summary>
    public TimeSpan LongRunningAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>What is done when the handler fails.</summary>
    /// <exception cref="ArgumentNullException">It is set to null.</exception>
    public ErrorPolicy OnError { get; set => field = value ?? throw new ArgumentNullException(nameof(value)); } = new();

    /// <summary>What the broker is told as the prefetch count.</summary>
    internal ushort EffectivePrefetch => (ushort)Math.Max(Prefetch, Concurrency);

    internal HandlerOptions Clone()
    {
        var copy = (HandlerOptions)MemberwiseClone();
        copy.OnError = OnError.Clone();
        return copy;
    }

    /// <summary>What is wrong with the values: which one, and what to do.</summary>
    internal IEnumerable<string> Problems() =>
    [
        .. new[]
        {
            Number(Prefetch, ushort.MaxValue),
            Number(Concurrency, ushort.MaxValue),
            Time(Timeout, mayBeInfinite: true),
            Time(LongRunningAfter, mayBeInfinite: true),
            Receiving.PartitionKey.Problem(PartitionKey),
        }.OfType<string>(),
        .. OnError.Problems().Select(problem => $"{nameof(OnError)}.{problem}"),
    ];
}
