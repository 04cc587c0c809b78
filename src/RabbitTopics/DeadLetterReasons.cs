namespace RabbitTopics;

/// <summary>Why a message is in a dead-letter queue: the value of its header <c>rt-dead-letter-reason</c>. A handler that parks a
/// message itself may give any other.</summary>
public static class DeadLetterReasons
{
    /// <summary>The message cannot be read as what the handler takes.</summary>
    public const string Poison = "poison";

    /// <summary>The handler failed, and the policy is to park at once.</summary>
    public const string Failed = "failed";

    /// <summary>The handler threw what no other attempt can help.</summary>
    public const string NonRetryable = "non-retryable";

    /// <summary>The handler failed as often as <see cref="ErrorPolicy.MaxAttempts"/> says.</summary>
    public const string MaxAttempts = "max-attempts";

    /// <summary>The broker got it back unsettled more often than <see cref="ErrorPolicy.MaxRedeliveries"/> says.</summary>
    public const string MaxRedeliveries = "max-redeliveries";

    /// <summary>The listener of Microsoft's RabbitMQ extension cannot take the message: its client cannot decode it, or it fails before the invocation.</summary>
    public const string HostCannotDecode = "host-cannot-decode";

    /// <summary>The handler parked the message and gave no reason.</summary>
    public const string ByHandler = "by-handler";
}
