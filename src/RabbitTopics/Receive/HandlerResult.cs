using RabbitTopics.Settle;

namespace RabbitTopics.Receive;

/// <summary>How a handler left a delivery.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Error">Why, where it did not succeed.</param>
public readonly record struct HandlerResult(DeliveryOutcome Outcome, Exception? Error = null);
