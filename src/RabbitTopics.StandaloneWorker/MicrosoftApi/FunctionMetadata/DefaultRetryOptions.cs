namespace Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;

/// <summary>How Microsoft's host tries an invocation again, within one delivery of its message.</summary>
public class DefaultRetryOptions : IRetryOptions
{
    /// <inheritdoc/>
    public int MaxRetryCount { get; set; }

    /// <inheritdoc/>
    public TimeSpan? DelayInterval { get; set; }

    /// <inheritdoc/>
    public TimeSpan? MinimumInterval { get; set; }

    /// <inheritdoc/>
    public TimeSpan? MaximumInterval { get; set; }

    /// <summary>Fixed where <see cref="DelayInterval"/> is set, else growing.</summary>
    public RetryStrategy? Strategy => DelayInterval.HasValue ? RetryStrategy.FixedDelay : RetryStrategy.ExponentialBackoff;
}
