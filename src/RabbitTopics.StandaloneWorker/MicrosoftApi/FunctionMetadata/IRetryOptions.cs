namespace Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;

/// <summary>How Microsoft's host tries an invocation again, within one delivery of its message.</summary>
public interface IRetryOptions
{
    /// <summary>How many retries there may be; -1 for no limit.</summary>
    int MaxRetryCount { get; }

    /// <summary>The time between two tries, where it is always the same.</summary>
    TimeSpan? DelayInterval { get; }

    /// <summary>The shortest time between two tries, where it grows.</summary>
    TimeSpan? MinimumInterval { get; }

    /// <summary>The longest time between two tries, where it grows.</summary>
    TimeSpan? MaximumInterval { get; }

    /// <summary>Whether the time between two tries grows.</summary>
    RetryStrategy? Strategy { get; }
}
