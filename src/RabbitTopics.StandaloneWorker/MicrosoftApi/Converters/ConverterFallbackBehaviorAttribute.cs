namespace Microsoft.Azure.Functions.Worker.Converters;

/// <summary>Says of a binding attribute whether the worker's own converters are asked when those that it names do not
/// answer.</summary>
/// <param name="fallbackBehavior">Whether they are asked.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ConverterFallbackBehaviorAttribute(ConverterFallbackBehavior fallbackBehavior) : Attribute
{
    /// <summary>Whether they are asked.</summary>
    public ConverterFallbackBehavior Behavior { get; } = fallbackBehavior;
}
