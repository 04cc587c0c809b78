namespace RabbitTopics;

/// <summary>A message that was parked, by this library or by the broker, and what is known of it.</summary>
public sealed class DeadLetter
{
    /// <summary>The queue in which it waits.</summary>
    public required string Queue { get; init; }

    /// <summary>The message: its topic, exchange and headers as it was published, and the headers <c>rt-dead-letter-…</c> beside them.</summary>
    public required TopicMessage Message { get; init; }

    /// <summary>Why it was parked: one of <see cref="DeadLetterReasons"/>, what its handler said, or the broker's reason (<c>rejected</c>, <c>expired</c>, <c>maxlen</c>,
    /// <c>delivery_limit</c>); null where nobody said.</summary>
    public string? Reason { get; init; }

    /// <summary>The reason in words; null where there are none.</summary>
    public string? Description { get; init; }

    /// <summary>How often it was handled; 0 where that is not known.</summary>
    public long Attempts { get; init; }

    /// <summary>When it was parked; null where that is not known.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>The exchange and routing key that it was published with; null where that is not known.</summary>
    internal (string Exchange, string RoutingKey)? Origin { get; init; }

    /// <summary>The queue that it was taken from; null where that is not known.</summary>
    public string? OriginalQueue { get; init; }

    /// <summary>The function, or other handler, that it was for; null where that is not known.</summary>
    public string? Handler { get; init; }

    /// <summary>The type of the last attempt's exception; null where there was none.</summary>
    public string? ExceptionType { get; init; }

    /// <summary>The message of that exception.</summary>
    public string? ExceptionMessage { get; init; }

    /// <summary>Where it was thrown.</summary>
    public string? ExceptionStack { get; init; }
}

/// <summary>What is done with a dead letter.</summary>
public readonly record struct DeadLetterAction
{
    internal enum Kind
    {
        Keep,
        Replay,
        ReplayToExchange,
        Move,
        Delete,
    }

    /// <summary>It stays.</summary>
    public static DeadLetterAction Keep => default;

    /// <summary>It is put back into the queue that it was taken from, its attempts begin anew, and what was noted when it was parked is taken off. Only that queue gets it.</summary>
    public static DeadLetterAction Replay => new() { Action = Kind.Replay };

    /// <summary>It is published to its exchange with its routing key again, as it was the first time: every queue that is bound gets it.</summary>
    public static DeadLetterAction ReplayToExchange => new() { Action = Kind.ReplayToExchange };

    /// <summary>It is taken out of the queue. It is lost then.</summary>
    public static DeadLetterAction Delete => new() { Action = Kind.Delete };

    internal Kind Action { get; private init; }

    internal string? Target { get; private init; }

    /// <summary>It is moved to another queue, as it is.</summary>
    public static DeadLetterAction MoveTo(string queue)
    {
        ArgumentException.ThrowIfNullOrEmpty(queue);
        return new() { Action = Kind.Move, Target = queue };
    }
}
