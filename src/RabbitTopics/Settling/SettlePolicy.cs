namespace RabbitTopics.Settling;

/// <summary>What follows from how a delivery was handled. A pure table: nothing here talks to a broker.</summary>
internal static class SettlePolicy
{
    /// <summary>The action for an outcome. Only <see cref="ErrorAction.Discard"/> drops a message.</summary>
    /// <param name="outcome">How the handling ended.</param>
    /// <param name="attempt">Which attempt it was, from 1.</param>
    /// <param name="policy">What the app wants.</param>
    public static SettleDecision Decide(DeliveryOutcome outcome, int attempt, ErrorPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return outcome switch
        {
            DeliveryOutcome.Succeeded => new(SettleAction.Complete),
            DeliveryOutcome.Stopped => new(SettleAction.Return),
            _ when policy.Action == ErrorAction.Discard => new(SettleAction.Discard),
            DeliveryOutcome.Poison => Park(DeadLetterReasons.Poison),
            DeliveryOutcome.NonRetryable => Park(DeadLetterReasons.NonRetryable),
            DeliveryOutcome.RedeliveredTooOften => Park(DeadLetterReasons.MaxRedeliveries),
            _ when policy.Action == ErrorAction.DeadLetter => Park(DeadLetterReasons.Failed),
            _ => Again(attempt, policy.MaxAttempts, policy.Action == ErrorAction.Requeue ? TimeSpan.Zero : policy.DelayAfter(attempt)),
        };
    }

    /// <summary>Another attempt after a delay, none meaning at once, where the attempts are not used up.</summary>
    internal static SettleDecision Again(int attempt, int maxAttempts, TimeSpan delay) =>
        maxAttempts != ErrorPolicy.Unlimited && attempt >= maxAttempts ? Park(DeadLetterReasons.MaxAttempts)
        : delay <= TimeSpan.Zero ? new(SettleAction.Requeue)
        : new(SettleAction.Retry, delay);

    private static SettleDecision Park(string reason) => new(SettleAction.DeadLetter, Reason: reason);
}
