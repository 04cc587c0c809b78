namespace RabbitTopics.Settling;

/// <summary>How the handling of a delivery ended.</summary>
internal enum DeliveryOutcome
{
    /// <summary>The handler returned.</summary>
    Succeeded,

    /// <summary>The handler threw, or something that it needs did: another attempt may work.</summary>
    Failed,

    /// <summary>The handler threw what the policy says no other attempt can help.</summary>
    NonRetryable,

    /// <summary>The handler took longer than it may.</summary>
    TimedOut,

    /// <summary>The message itself cannot be handled, for example a body that is not what the handler takes: no other attempt
    /// can work.</summary>
    Poison,

    /// <summary>The handling was begun and never ended more often than the policy allows. It was not begun again.</summary>
    RedeliveredTooOften,

    /// <summary>The app is stopping and the handler did not finish.</summary>
    Stopped,
}
