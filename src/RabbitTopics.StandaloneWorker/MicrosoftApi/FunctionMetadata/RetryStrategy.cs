namespace Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;

/// <summary>How the time between two tries goes.</summary>
public enum RetryStrategy
{
    /// <summary>It grows with each try.</summary>
    ExponentialBackoff = 0,

    /// <summary>It is always the same.</summary>
    FixedDelay = 1,
}
