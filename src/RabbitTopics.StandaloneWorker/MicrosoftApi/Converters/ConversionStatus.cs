namespace Microsoft.Azure.Functions.Worker.Converters;

/// <summary>How a conversion went.</summary>
public enum ConversionStatus
{
    /// <summary>The converter does not do this; the next one is asked.</summary>
    Unhandled = 0,

    /// <summary>There is a value.</summary>
    Succeeded = 1,

    /// <summary>The converter does this but could not; no other is asked.</summary>
    Failed = 2,
}
