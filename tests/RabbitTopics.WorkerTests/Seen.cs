namespace RabbitTopics.WorkerTests;

/// <summary>What a function of the app says that it saw.</summary>
public sealed record Seen(
    string Function, string? Topic, string? Exchange, string? RoutingKey, string Value, Dictionary<string, string?> Headers, int Attempt, bool Redelivered);
