namespace RabbitTopics;

/// <summary>What an app does about the exchanges, queues and bindings that it needs.</summary>
public enum TopologyMode
{
    /// <summary>Makes what is missing; the user needs the configure permission for all of it.</summary>
    Declare,

    /// <summary>Looks for exchanges and queues and says what is missing; needs no configure permission. Bindings and arguments
    /// cannot be looked at over AMQP.</summary>
    Verify,

    /// <summary>Does nothing: what is missing shows when it is used.</summary>
    None,
}
