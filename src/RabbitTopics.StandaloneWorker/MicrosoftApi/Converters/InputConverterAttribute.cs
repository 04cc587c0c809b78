namespace Microsoft.Azure.Functions.Worker.Converters;

/// <summary>Names a converter that is asked before the worker's own, for a parameter or for all parameters of a
/// type.</summary>
[AttributeUsage(
    AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Interface | AttributeTargets.Parameter,
    AllowMultiple = true)]
public class InputConverterAttribute : Attribute
{
    /// <summary>Names a converter.</summary>
    /// <param name="converterType">The converter, an <see cref="IInputConverter"/>; its constructor may take services.</param>
    /// <exception cref="InvalidOperationException">The type is no converter.</exception>
    public InputConverterAttribute(Type converterType)
    {
        ArgumentNullException.ThrowIfNull(converterType);
        ConverterType = converterType.IsAssignableTo(typeof(IInputConverter))
            ? converterType
            : throw new InvalidOperationException($"{converterType} is not an {nameof(IInputConverter)}.");
    }

    /// <summary>The converter.</summary>
    public Type ConverterType { get; }
}
