namespace Microsoft.Azure.Functions.Worker;

/// <summary>The value that an output binding of a function writes.</summary>
/// <typeparam name="T">The type that it is wanted as.</typeparam>
public abstract class OutputBindingData<T>
{
    /// <summary>The property that is bound, or <c>$return</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The kind of binding, for example <c>rabbitMQ</c>.</summary>
    public abstract string BindingType { get; }

    /// <summary>The value, or the type's default where there is none of this type; setting it replaces what is
    /// written.</summary>
    public abstract T? Value { get; set; }
}
