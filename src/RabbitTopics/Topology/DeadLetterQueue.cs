namespace RabbitTopics.Topology;

/// <summary>The durable queue beside a queue in which its messages that could not be handled are parked.</summary>
internal static class DeadLetterQueue
{
    /// <summary>The queue's name.</summary>
    public static string Name(string queue) => $"{queue}.dead";
}
