namespace Microsoft.Azure.Functions.Worker;

/// <summary>How often the host has tried an invocation again, within one delivery of its message.</summary>
public abstract class RetryContext
{
    /// <summary>Which retry this is; 0 for the first try.</summary>
    public abstract int RetryCount { get; }

    /// <summary>How many retries there may be; 0 where there are none, -1 where there is no limit.</summary>
    public abstract int MaxRetryCount { get; }
}
