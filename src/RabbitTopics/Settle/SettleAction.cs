namespace RabbitTopics.Settle;

/// <summary>What is done with a delivery, after the names of the Functions worker's ServiceBusMessageActions.</summary>
public enum SettleAction
{
    /// <summary>The message is done: acknowledged.</summary>
    Complete,

    /// <summary>The message goes back to its queue, to be delivered again.</summary>
    Requeue,

    /// <summary>The message is parked in the dead-letter queue with the reason.</summary>
    DeadLetter,
}
