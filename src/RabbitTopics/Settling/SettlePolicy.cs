using RabbitTopics.Messages;

namespace RabbitTopics.Settling;

/// <summary>What follows from how a delivery was handled. A pure table: nothing here talks to a broker.</summary>
internal static class SettlePolicy
{
    /// <summary>How the handling of a delivery ended: the only place that says so.</summary>
    /// <param name="failure">What came out of it; null where it returned.</param>
    /// <param name="isStopping">Whether the handler was cancelled because the app is stopping.</param>
    /// <param name="isExcluded">Says of an exception that no other attempt can help.</param>
    public static DeliveryOutcome Outcome(Exception? failure, bool isStopping, Func<Exception, bool> isExcluded) => failure switch
    {
        null => DeliveryOutcome.Succeeded,
        PoisonMessageException => DeliveryOutcome.Poison,
        RedeliveredTooOftenException => DeliveryOutcome.RedeliveredTooOften,
        HandlerStoppedException => DeliveryOutcome.Stopped,
        _ when isStopping => DeliveryOutcome.Stopped,
        HandlerTimeoutException => DeliveryOutcome.TimedOut,
        _ => isExcluded(failure) ? DeliveryOutcome.NonRetryable : DeliveryOutcome.Failed,
    };

    /// <summary>The action for an outcome. Only <see cref="ErrorAction.Discard"/> drops a message.</summary>
    /// <param name="outcome">How the handling ended.</param>
    /// <param name="attempt">Which attempt it was, from 1.</param>
    /// <param name="policy">What the app wants.</param>
    public static SettleDecision Decide(DeliveryOutcome outcome, int attempt, ErrorPolicy policy) => outcome switch
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

    /// <summary>Another attempt after a delay, none meaning at once, where the attempts are not used up.</summary>
    public static SettleDecision Again(int attempt, int maxAttempts, TimeSpan delay) =>
        maxAttempts != ErrorPolicy.Unlimited && attempt >= maxAttempts ? Park(DeadLetterReasons.MaxAttempts)
        : delay <= TimeSpan.Zero ? new(SettleAction.Requeue)
        : new(SettleAction.Retry, delay);

    private static SettleDecision Park(string reason) => new(SettleAction.DeadLetter, Reason: reason);
}

/// <summary>How the handling of a delivery ended.</summary>
internal enum DeliveryOutcome
{
    /// <summary>The handler returned.</summary>
    Succeeded,

    /// <summary>The handler threw, or something that it needs did: another attempt may work.</summary>
    Failed,

    /// <summary>The handler threw what the policy says no other attempt can help.</summary>
    NonRetryable,

    /// <summary>The handler took longer than it may.</summary>
    TimedOut,

    /// <summary>The message itself cannot be handled, for example a body that is not what the handler takes: no other attempt
    /// can work.</summary>
    Poison,

    /// <summary>The broker got it back unsettled more often than the policy allows. It was not handled again.</summary>
    RedeliveredTooOften,

    /// <summary>The app is stopping and the handler did not finish.</summary>
    Stopped,
}

/// <summary>What was decided for a delivery.</summary>
/// <param name="Action">What is done.</param>
/// <param name="Delay">For <see cref="SettleAction.Retry"/>: the time until the next attempt.</param>
/// <param name="Reason">For <see cref="SettleAction.DeadLetter"/>: one of <see cref="DeadLetterReasons"/>, or the handler's own.</param>
/// <param name="Description">For <see cref="SettleAction.DeadLetter"/>: the reason in words, where the handler gave some.</param>
internal readonly record struct SettleDecision(SettleAction Action, TimeSpan Delay = default, string? Reason = null, string? Description = null);

/// <summary>The message itself cannot be handled; the inner exception says why.</summary>
internal sealed class PoisonMessageException(Exception reason) : Exception(reason.Message, reason)
{
    /// <summary>What to tell people of a failure: the reason where it is one of these.</summary>
    public static Exception? ReasonOf(Exception? failure) => failure is PoisonMessageException ? failure.InnerException : failure;
}

/// <summary>The broker got a message back unsettled too often.</summary>
internal sealed class RedeliveredTooOftenException(string message) : Exception(message);

/// <summary>A handler could not be run, which is no attempt at the message: it is run when it can be.</summary>
internal sealed class HandlerNotRunException(Exception reason) : Exception(reason.Message, reason);

/// <summary>The app is stopping, and a handler was not run or did not finish.</summary>
internal sealed class HandlerStoppedException(Exception reason) : Exception(reason.Message, reason);

/// <summary>A handler took longer than it may; the inner exception is what it threw when its token was cancelled.</summary>
internal sealed class HandlerTimeoutException(string handler, TimeSpan timeout, Exception? innerException)
    : TimeoutException($"Handler '{handler}' took longer than {timeout.TotalSeconds:0.###} s.", innerException);
