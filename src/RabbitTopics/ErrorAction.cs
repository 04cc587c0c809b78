namespace RabbitTopics;

/// <summary>What is done with a message whose handler failed.</summary>
public enum ErrorAction
{
    /// <summary>It is delivered again after a delay, while other messages go on (<see cref="ErrorPolicy.Delays"/>), until
    /// <see cref="ErrorPolicy.MaxAttempts"/>; then it is parked.</summary>
    Retry,

    /// <summary>It is delivered again at once, from the end of its queue, until <see cref="ErrorPolicy.MaxAttempts"/>; then it
    /// is parked.</summary>
    Requeue,

    /// <summary>It is parked in the dead-letter queue after the first failure.</summary>
    DeadLetter,

    /// <summary>It is dropped, with a warning in the log. The only action that loses a message.</summary>
    Discard,
}
