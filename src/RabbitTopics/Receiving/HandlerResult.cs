using RabbitTopics.Settling;

namespace RabbitTopics.Receiving;

/// <summary>How a handler left a delivery.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Error">Why, where it did not succeed.</param>
internal readonly record struct HandlerResult(DeliveryOutcome Outcome, Exception? Error = null);
