namespace RabbitTopics.Testing;

/// <summary>What became of a message.</summary>
public enum HandlingOutcome
{
    /// <summary>It was handled, or its handler completed it.</summary>
    Completed,

    /// <summary>It was parked: <see cref="HandlingResult.DeadLetter"/>.</summary>
    DeadLettered,

    /// <summary>It was not handled, and is dropped, as the error policy or <c>AutoAck</c> says.</summary>
    Discarded,

    /// <summary>The broker would have it back as it was, and deliver it again.</summary>
    Returned,
}

/// <summary>One attempt at a message.</summary>
/// <param name="Number">Which it was, from 1.</param>
/// <param name="Exception">What came out of it; null where the handler returned.</param>
/// <param name="Delay">How long the message waits for its next attempt; null where there is none.</param>
public sealed record HandlingAttempt(int Number, Exception? Exception, TimeSpan? Delay);

/// <summary>How the handling of a message ended.</summary>
public sealed class HandlingResult
{
    internal HandlingResult(string function, HandlingOutcome outcome, IReadOnlyList<HandlingAttempt> attempts, PublishedMessage? deadLetter)
    {
        Function = function;
        Outcome = outcome;
        Attempts = attempts;
        DeadLetter = deadLetter;
    }

    /// <summary>The function that got the message.</summary>
    public string Function { get; }

    /// <summary>What became of the message.</summary>
    public HandlingOutcome Outcome { get; }

    /// <summary>The attempts at it, in their order.</summary>
    public IReadOnlyList<HandlingAttempt> Attempts { get; }

    /// <summary>What came out of the last attempt; null where the handler returned.</summary>
    public Exception? Exception => Attempts[^1].Exception;

    /// <summary>The parked message, the headers with its story among them; null where it was not parked.</summary>
    public PublishedMessage? DeadLetter { get; }

    /// <summary>Why it was parked: one of <see cref="DeadLetterReasons"/>, or the handler's own; null where it was not.</summary>
    public string? DeadLetterReason => DeadLetter?.Headers.GetString(HeaderNames.DeadLetterReason);
}
