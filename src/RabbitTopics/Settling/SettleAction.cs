namespace RabbitTopics.Settling;

/// <summary>What is done with a delivery, after the names of the Functions worker's ServiceBusMessageActions.</summary>
internal enum SettleAction
{
    /// <summary>The message is done: acknowledged.</summary>
    Complete,

    /// <summary>A copy that counts the attempt goes to the end of the queue.</summary>
    Requeue,

    /// <summary>A copy that counts the attempt waits in a retry queue until its delay is over.</summary>
    Retry,

    /// <summary>A copy is parked in the dead-letter queue with the reason.</summary>
    DeadLetter,

    /// <summary>The message is dropped.</summary>
    Discard,

    /// <summary>The broker gets the message back as it was, uncounted, and delivers it again.</summary>
    Return,
}
