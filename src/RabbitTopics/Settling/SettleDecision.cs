namespace RabbitTopics.Settling;

/// <summary>What <see cref="SettlePolicy"/> decided.</summary>
/// <param name="Action">What is done.</param>
/// <param name="Delay">For <see cref="SettleAction.Retry"/>: the time until the next attempt.</param>
/// <param name="Reason">For <see cref="SettleAction.DeadLetter"/>: one of <see cref="DeadLetterReasons"/>.</param>
internal readonly record struct SettleDecision(SettleAction Action, TimeSpan Delay = default, string? Reason = null);
