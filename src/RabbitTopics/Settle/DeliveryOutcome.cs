namespace RabbitTopics.Settle;

/// <summary>How the handling of a delivery ended.</summary>
public enum DeliveryOutcome
{
    /// <summary>The handler returned.</summary>
    Succeeded,

    /// <summary>The handler threw, or something that it needs did: another try may work.</summary>
    Failed,

    /// <summary>The message itself cannot be handled, for example a body that is not what the handler takes: no other try
    /// can work.</summary>
    Poison,

    /// <summary>The app is stopping and the handler did not finish.</summary>
    Stopped,
}
