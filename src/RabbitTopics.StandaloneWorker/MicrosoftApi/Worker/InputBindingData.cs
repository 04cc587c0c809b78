namespace Microsoft.Azure.Functions.Worker;

/// <summary>The value that a parameter of a function gets.</summary>
/// <typeparam name="T">The type that it is wanted as.</typeparam>
public abstract class InputBindingData<T>
{
    /// <summary>The parameter's binding.</summary>
    public abstract BindingMetadata BindingMetadata { get; }

    /// <summary>The value; setting it replaces what the function gets.</summary>
    public abstract T? Value { get; set; }
}
