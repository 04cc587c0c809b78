namespace RabbitTopics.Settle;

/// <summary>What follows from how a delivery was handled. A pure table: nothing here talks to a broker.</summary>
public static class SettlePolicy
{
    /// <summary>How long a delivery whose handler failed is held before it goes back to its queue, so that a fault that
    /// lasts does not spin.</summary>
    public static readonly TimeSpan RequeueDelay = TimeSpan.FromSeconds(1);

    /// <summary>The action for an outcome. No outcome drops a message.</summary>
    public static SettleAction Decide(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Succeeded => SettleAction.Complete,
        DeliveryOutcome.Failed => SettleAction.Requeue,
        DeliveryOutcome.Stopped => SettleAction.Requeue,
        DeliveryOutcome.Poison => SettleAction.DeadLetter,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, null),
    };
}
