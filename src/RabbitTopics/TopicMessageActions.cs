using RabbitTopics.Receiving;
using RabbitTopics.Settling;

namespace RabbitTopics;

/// <summary>Lets a handler settle its message itself, after the names of the Functions worker's ServiceBusMessageActions. One of
/// them may be called, once; without a call the handler's end settles the message. Once one has returned, the message stays
/// settled that way, whatever the handler does afterwards. Where one throws a <see cref="TopicPublishException"/> nothing
/// was settled.</summary>
public sealed class TopicMessageActions
{
    private const string Closed = "the end of its handling";

    private readonly CopyPublisher _copies;
    private readonly Delivery _delivery;
    private readonly HandlerOptions _options;
    private string? _begun;
    private Task _settling = Task.CompletedTask;

    internal TopicMessageActions(CopyPublisher copies, Delivery delivery, HandlerOptions options)
    {
        _copies = copies;
        _delivery = delivery;
        _options = options;
    }

    /// <summary>The message is done: it is acknowledged when the handler ends, also if that throws.</summary>
    /// <exception cref="InvalidOperationException">The message is settled already.</exception>
    public Task CompleteAsync() => SettleAsync(nameof(CompleteAsync), () => Task.CompletedTask);

    /// <summary>The message goes to the end of its queue, to be delivered again at once, its attempt counted; after the last
    /// of <see cref="ErrorPolicy.MaxAttempts"/> it is parked.</summary>
    /// <exception cref="InvalidOperationException">The message is settled already.</exception>
    /// <exception cref="TopicPublishException">The broker did not take the copy; the message is not settled.</exception>
    public Task AbandonAsync() => SettleAsync(nameof(AbandonAsync), () => AgainAsync(TimeSpan.Zero));

    /// <summary>The message is delivered again after a delay, its attempt counted; after the last of
    /// <see cref="ErrorPolicy.MaxAttempts"/> it is parked.</summary>
    /// <param name="after">The delay, to two significant digits: 12.3 s are 13 s, as each delay is a queue at the
    /// broker.</param>
    /// <exception cref="ArgumentOutOfRangeException">The delay is negative, or longer than
    /// <see cref="ErrorPolicy.LongestDelay"/>.</exception>
    /// <exception cref="InvalidOperationException">The message is settled already.</exception>
    /// <exception cref="TopicPublishException">The broker did not take the copy; the message is not settled.</exception>
    public Task RetryAsync(TimeSpan after)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(after, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(after, ErrorPolicy.LongestDelay);
        return SettleAsync(nameof(RetryAsync), () => AgainAsync(Topology.RetryQueue.Round(after)));
    }

    /// <summary>The message is parked in the dead-letter queue.</summary>
    /// <param name="reason">A word for it. Default: <see cref="DeadLetterReasons.ByHandler"/>.</param>
    /// <param name="description">The reason in words, of at most 4096 characters; the rest is cut.</param>
    /// <exception cref="InvalidOperationException">The message is settled already.</exception>
    /// <exception cref="TopicPublishException">The broker did not take the copy; the message is not settled.</exception>
    public Task DeadLetterAsync(string? reason = null, string? description = null) => SettleAsync(nameof(DeadLetterAsync),
        () => _copies.ParkAsync(_delivery, new DeadLetter(reason ?? DeadLetterReasons.ByHandler, description, null)));

    /// <summary>Whether the handler has said that the message is done (true), or is not, by giving it back or parking it (false); null
    /// where it has said nothing.</summary>
    internal bool? IsComplete => _begun switch
    {
        null or Closed => null,
        var action => action == nameof(CompleteAsync),
    };

    /// <summary>Says whether the handler has settled the message, and lets it do so no more. Waits for a settlement that the
    /// handler has begun and not awaited.</summary>
    internal ValueTask<bool> CloseAsync()
    {
        return Interlocked.CompareExchange(ref _begun, Closed, null) is null ? new(false) : new(WaitAsync());

        async Task<bool> WaitAsync()
        {
            await _settling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return Interlocked.CompareExchange(ref _begun, Closed, null) is not null;
        }
    }

    private Task AgainAsync(TimeSpan delay)
    {
        var decision = SettlePolicy.Again(_delivery.Message.Attempt, _options.OnError.MaxAttempts, delay);
        return decision.Action switch
        {
            SettleAction.Requeue => _copies.RequeueAsync(_delivery),
            SettleAction.Retry => _copies.RetryAsync(_delivery, decision.Delay),
            _ => _copies.ParkAsync(_delivery, new DeadLetter(decision.Reason!, null, null)),
        };
    }

    private Task SettleAsync(string name, Func<Task> settle)
    {
        if (_options.AutoAck)
        {
            throw new InvalidOperationException($"{name}: the message was acknowledged before it was handled (AutoAck). Leave one of the two.");
        }

        if (Interlocked.CompareExchange(ref _begun, name, null) is { } first)
        {
            throw new InvalidOperationException($"{name}: the message is settled already, by {first}. Call one of them, once.");
        }

        return _settling = PerformAsync(settle);
    }

    private async Task PerformAsync(Func<Task> settle)
    {
        try
        {
            await settle();
        }
        catch
        {
            _begun = null;
            throw;
        }
    }
}
