namespace Microsoft.Azure.Functions.Worker;

/// <summary>What the trigger said besides its value.</summary>
public abstract class BindingContext
{
    /// <summary>The trigger's data by name, as text. Letter case in names does not count.</summary>
    public abstract IReadOnlyDictionary<string, object?> BindingData { get; }
}
