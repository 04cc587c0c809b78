namespace Microsoft.Azure.Functions.Worker.Converters;

/// <summary>What a converter is asked for.</summary>
public abstract class ConverterContext
{
    /// <summary>The type that is wanted.</summary>
    public abstract Type TargetType { get; }

    /// <summary>What there is to convert; null for a parameter that nothing is bound to. A message's body is a
    /// <c>ReadOnlyMemory&lt;byte&gt;</c>.</summary>
    public abstract object? Source { get; }

    /// <summary>The invocation.</summary>
    public abstract FunctionContext FunctionContext { get; }

    /// <summary>What else is known of the parameter; its binding attribute is under <c>bindingAttribute</c>.</summary>
    public abstract IReadOnlyDictionary<string, object> Properties { get; }
}
