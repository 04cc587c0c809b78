using RabbitTopics.Connections;
using RabbitTopics.Messages;
using RabbitTopics.Topology;

namespace RabbitTopics.Settling;

/// <summary>Settles one delivery as its handler says.</summary>
internal sealed class DeliveryActions(DeliverySettler settler, Delivery delivery) : TopicMessageActions
{
    private static readonly SettleCall Closed = new("the end of its handling", isComplete: false);

    /// <summary>What was begun first; null until then, and again where that failed. Name and task change together, so that whoever
    /// closes waits for the right one.</summary>
    private SettleCall? _current;

    /// <summary>What the last of them threw.</summary>
    private Exception? _failure;

    internal override bool? IsComplete => _current is { } current && current != Closed ? current.IsComplete : null;

    public override Task CompleteAsync(CancellationToken cancellationToken = default) =>
        SettleAsync(nameof(CompleteAsync), new(SettleAction.Complete), cancellationToken);

    public override Task AbandonAsync(CancellationToken cancellationToken = default) => SettleAsync(nameof(AbandonAsync), Again(TimeSpan.Zero), cancellationToken);

    public override Task RetryAsync(TimeSpan after, CancellationToken cancellationToken = default) =>
        SettleAsync(nameof(RetryAsync), Again(RetryQueue.Round(CheckDelay(after))), cancellationToken);

    public override Task DeadLetterAsync(string? reason = null, string? description = null, CancellationToken cancellationToken = default) =>
        SettleAsync(nameof(DeadLetterAsync), new(SettleAction.DeadLetter, Reason: string.IsNullOrWhiteSpace(reason) ? DeadLetterReasons.ByHandler : reason, Description: string.IsNullOrWhiteSpace(description) ? null : description), cancellationToken);

    internal override async ValueTask<bool> CloseAsync()
    {
        while (Interlocked.CompareExchange(ref _current, Closed, null) is { } begun && begun != Closed)
        {
            await begun.Ended.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Volatile.Read(ref _current) == begun)
            {
                return true;
            }
        }

        return _failure is null ? false : throw _failure;
    }

    private SettleDecision Again(TimeSpan delay) => SettlePolicy.Again(delivery.Message.Attempt, settler.Options.OnError.MaxAttempts, delay);

    private async Task SettleAsync(string name, SettleDecision decision, CancellationToken cancellationToken)
    {
        if (settler.Options.AutoAck)
        {
            throw new InvalidOperationException($"{name}: the message was acknowledged before it was handled (AutoAck). Leave one of the two.");
        }

        var mine = new SettleCall(name, decision.Action == SettleAction.Complete);
        if (Interlocked.CompareExchange(ref _current, mine, null) is { } first)
        {
            throw new InvalidOperationException($"{name}: the message is settled already, by {first.Name}. Call one of them, once.");
        }

        try
        {
            await settler.PerformAsync(delivery, decision, decision.Description is { } description ? $"{name}: {Secret.Hide(description)}" : name, failure: null, cancellationToken);
        }
        catch (Exception exception)
        {
            _failure = exception;
            Volatile.Write(ref _current, null);
            throw;
        }
        finally
        {
            mine.Ended.SetResult();
        }
    }

    private sealed class SettleCall(string name, bool isComplete)
    {
        public string Name => name;

        public bool IsComplete => isComplete;

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
