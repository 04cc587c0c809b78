namespace RabbitTopics;

/// <summary>On an exception class: a message whose handler throws it is parked at once, as no other attempt can
/// help. Holds for derived classes.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = true)]
public sealed class NonRetryableAttribute : Attribute;
