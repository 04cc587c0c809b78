namespace RabbitTopics;

/// <summary>Lets a handler settle its message itself, after the names of the Functions worker's ServiceBusMessageActions. One of
/// them may be called, once; without a call the handler's end settles the message. Once one has returned, the message stays
/// settled that way, whatever the handler does afterwards. Where one throws a <see cref="TopicPublishException"/>, or is cancelled,
/// nothing was settled, and unless another one settles the message it counts as not handled; after a
/// <see cref="PublishTimeoutException"/>, a <see cref="BrokerUnavailableException"/> or a cancelled wait the copy may be there all the same. A test of a handler may derive from it.</summary>
public abstract class TopicMessageActions
{
    /// <summary>The message is done: it is acknowledged when the handler ends, also if that throws.</summary>
    /// <param name="cancellationToken">Has no effect once the call has begun.</param>
    /// <exception cref="InvalidOperationException">The message is settled already.</exception>
    public abstract Task CompleteAsync(CancellationToken cancellationToken = default);

    /// <summary>The message goes to the end of its queue, to be delivered again at once, its attempt counted; after the last
    /// of <see cref="ErrorPolicy.MaxAttempts"/> it is parked.</summary>
    /// <param name="cancellationToken">Ends the wait for the broker to confirm the copy. Default: waits for at most 10 s.</param>
    /// <exception cref="InvalidOperationException">The message is settled already.</exception>
    /// <exception cref="TopicPublishException">The broker did not take the copy; the message is not settled.</exception>
    public abstract Task AbandonAsync(CancellationToken cancellationToken = default);

    /// <summary>The message is delivered again after a delay, its attempt counted; after the last of
    /// <see cref="ErrorPolicy.MaxAttempts"/> it is parked.</summary>
    /// <param name="after">The delay, to two significant digits: 12.3 s are 13 s, as each delay is a queue at the
    /// broker.</param>
    /// <param name="cancellationToken">Ends the wait for the broker to confirm the copy. Default: waits for at most 10 s.</param>
    /// <exception cref="ArgumentOutOfRangeException">The delay is negative, or longer than
    /// <see cref="ErrorPolicy.LongestDelay"/>.</exception>
    /// <exception cref="InvalidOperationException">The message is settled already.</exception>
    /// <exception cref="TopicPublishException">The broker did not take the copy; the message is not settled.</exception>
    public abstract Task RetryAsync(TimeSpan after, CancellationToken cancellationToken = default);

    /// <summary>The message is parked in the dead-letter queue.</summary>
    /// <param name="reason">A word for it. Default: <see cref="DeadLetterReasons.ByHandler"/>.</param>
    /// <param name="description">The reason in words, of at most 4096 characters; the rest is cut.</param>
    /// <param name="cancellationToken">Ends the wait for the broker to confirm the copy. Default: waits for at most 10 s.</param>
    /// <exception cref="InvalidOperationException">The message is settled already.</exception>
    /// <exception cref="TopicPublishException">The broker did not take the copy; the message is not settled.</exception>
    public abstract Task DeadLetterAsync(string? reason = null, string? description = null, CancellationToken cancellationToken = default);

    /// <summary>The delay of a retry.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is out of range.</exception>
    internal static TimeSpan CheckDelay(TimeSpan after) => after < TimeSpan.Zero || after > ErrorPolicy.LongestDelay
        ? throw new ArgumentOutOfRangeException(nameof(after), after, $"A message is handled again after 0 to {ErrorPolicy.LongestDelay.Days} days.")
        : after;

    /// <summary>Whether the handler has said that the message is done (true), or is not, by giving it back or parking it (false); null
    /// where it has said nothing.</summary>
    internal virtual bool? IsComplete => null;

    /// <summary>Returns whether the handler has settled the message, and prevents it from doing so afterwards. Waits for a settlement that the
    /// handler has begun and not awaited. Throws what the last one did that failed, where none has settled the message.</summary>
    internal virtual ValueTask<bool> CloseAsync() => new(false);
}
