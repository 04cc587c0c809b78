namespace RabbitTopics.Topology;

/// <summary>The durable queue beside a queue in which its messages that could not be handled are parked.</summary>
internal static class DeadLetterQueue
{
    private const string DeadPart = ".dead";

    /// <summary>The queue's name.</summary>
    public static string Name(string queue) => $"{queue}{DeadPart}";

    /// <summary>The queue beside which a queue of that name is; null where the name is another queue's.</summary>
    public static string? ReadQueue(string name) => name.Length > DeadPart.Length && name.EndsWith(DeadPart, StringComparison.Ordinal) ? name[..^DeadPart.Length] : null;

    /// <summary>What it is declared with: as a quorum queue beside a quorum queue, whose safety would else end there.</summary>
    public static Dictionary<string, object?> Arguments(QueueProperties? ofQueue) =>
        ofQueue?.Arguments.TryGetValue("x-queue-type", out var type) == true ? new() { ["x-queue-type"] = type } : [];
}
