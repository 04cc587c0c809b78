namespace Microsoft.Azure.Functions.Worker.Converters;

/// <summary>Whether the worker's own converters are asked when those that a binding names do not answer.</summary>
public enum ConverterFallbackBehavior
{
    /// <summary>They are asked.</summary>
    Allow = 0,

    /// <summary>They are not asked.</summary>
    Disallow = 1,

    /// <summary>They are asked.</summary>
    Default = Allow,
}
