namespace Microsoft.Azure.Functions.Worker;

/// <summary>How the worker treats functions.</summary>
public class WorkerOptions
{
    private const string UserCodeException = "EnableUserCodeException";
    private const string EmptyEntries = "IncludeEmptyEntriesInMessagePayload";

    /// <summary>The converters that are asked for a parameter's value, in order.</summary>
    public InputConverterCollection InputConverters { get; } = [];

    /// <summary>What the worker tells Microsoft's host that it can do. Without effect in the standalone worker.</summary>
    public IDictionary<string, string> Capabilities { get; } = new Dictionary<string, string>
    {
        [UserCodeException] = bool.TrueString,
        [EmptyEntries] = bool.TrueString,
    };

    /// <summary>Whether a function's exception reaches the log as the function threw it. True by default; the standalone
    /// worker always does so.</summary>
    [Obsolete("A function's exception is logged as the function threw it by default; there is no need to set this.")]
    public bool EnableUserCodeException
    {
        get => Has(UserCodeException);
        set => Set(UserCodeException, value);
    }

    /// <summary>Whether Microsoft's host also sends what is empty. True by default. Without effect in the standalone
    /// worker.</summary>
    public bool IncludeEmptyEntriesInMessagePayload
    {
        get => Has(EmptyEntries);
        set => Set(EmptyEntries, value);
    }

    private bool Has(string capability) =>
        Capabilities.TryGetValue(capability, out var text) && bool.TryParse(text, out var has) && has;

    private void Set(string capability, bool has)
    {
        if (has)
        {
            Capabilities[capability] = bool.TrueString;
        }
        else
        {
            Capabilities.Remove(capability);
        }
    }
}
