using static RabbitTopics.Startup.OptionsValidation;

namespace RabbitTopics;

/// <summary>What is done with the messages of a handler that fails: <c>docs/settling.md</c> has it all in one table.</summary>
public sealed class ErrorPolicy
{
    /// <summary>The value of <see cref="MaxAttempts"/> and <see cref="MaxRedeliveries"/> that sets no limit.</summary>
    public const int Unlimited = int.MaxValue;

    /// <summary>The longest delay: what fits into the broker's TTL argument and a timer of .NET, some 24 days.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>What is done on an error. Default: <see cref="ErrorAction.Retry"/>.</summary>
    public ErrorAction Action { get; set; } = ErrorAction.Retry;

    /// <summary>The delays before the second attempt, the third and so on; the last one repeats. For
    /// <see cref="ErrorAction.Retry"/>. Each distinct delay is one queue at the broker, <c>QUEUE.retry.MILLISECONDS</c>. Default:
    /// 1 s, 5 s, 25 s.</summary>
    public IReadOnlyList<TimeSpan> Delays { get; set => field = value ?? throw new ArgumentNullException(nameof(value)); } = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(25)];

    /// <summary>How often a message is handled before it is parked, the first time included. Default: 5.
    /// <see cref="Unlimited"/> for no limit.</summary>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>How often the broker may get a message of a quorum queue back unsettled and deliver it again, as when its handling
    /// ends the process each time. Then it is parked. RabbitMQ 4.0 to 4.2 also counts messages that had only been prefetched. Default: 10.
    /// <see cref="Unlimited"/> for no limit.</summary>
    public int MaxRedeliveries { get; set; } = 10;

    /// <summary>Exceptions that no other attempt can help, derived ones included: parked at once. Exceptions with
    /// <see cref="NonRetryableAttribute"/>, and a body that cannot be read, always are. Default: none.</summary>
    public IReadOnlyList<Type> NonRetryable { get; set => field = value ?? throw new ArgumentNullException(nameof(value)); } = [];

    /// <summary>Says of an exception that no other attempt can help. Default: null.</summary>
    public Func<Exception, bool>? IsNonRetryable { get; set; }

    /// <summary>The delay before the attempt that follows the given one.</summary>
    internal TimeSpan DelayAfter(int attempt) => Delays[Math.Min(attempt, Delays.Count) - 1];

    /// <summary>Whether no other attempt can help.</summary>
    internal bool Excludes(Exception? error) => error is not null
        && (error.GetType().IsDefined(typeof(NonRetryableAttribute), inherit: true)
            || NonRetryable.Any(type => type.IsInstanceOfType(error))
            || IsNonRetryable?.Invoke(error) == true);

    internal ErrorPolicy Clone() => (ErrorPolicy)MemberwiseClone();

    /// <summary>What is wrong with the values: which one, and what to do.</summary>
    internal IEnumerable<string> Problems() =>
        new[]
        {
            OneOf(Action),
            Number(MaxAttempts),
            Number(MaxRedeliveries),
            Action == ErrorAction.Retry && Delays.Count == 0 ? "Delays is empty. Name a delay, or set Action to ErrorAction.Requeue." : null,
        }
        .Concat(Delays.Select(delay => delay < TimeSpan.FromMilliseconds(1) || delay > LongestDelay
            ? $"Delays has {delay}. Set each to at least one millisecond and at most {LongestDelay.Days} days."
            : null))
        .OfType<string>();
}
