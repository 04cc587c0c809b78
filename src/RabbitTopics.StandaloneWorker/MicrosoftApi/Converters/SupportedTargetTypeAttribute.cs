namespace Microsoft.Azure.Functions.Worker.Converters;

/// <summary>Says of a converter a type that it gives. A converter without this may give any.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class SupportedTargetTypeAttribute : Attribute
{
    /// <summary>Names a type.</summary>
    /// <param name="targetType">The type.</param>
    public SupportedTargetTypeAttribute(Type targetType)
    {
        ArgumentNullException.ThrowIfNull(targetType);
        TargetType = targetType;
    }

    /// <summary>The type.</summary>
    public Type TargetType { get; }
}
