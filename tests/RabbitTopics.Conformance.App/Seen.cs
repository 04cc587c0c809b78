namespace RabbitTopics.Conformance.App;

/// <summary>What a function saw of a message; it goes to the suite's result queue.</summary>
public sealed record Seen(
    string Function, string? Topic, string? Exchange, string? RoutingKey, string Value, Dictionary<string, string?> Headers, int Attempt, bool Redelivered)
{
    public static Seen From(string function, TopicMessage? message, string value) => new(
        function,
        message?.Topic,
        message?.Exchange,
        message?.RoutingKey,
        value,
        message?.Headers.ToDictionary(header => header.Key, header => header.Value?.ToString()) ?? [],
        message?.Attempt ?? 0,
        message?.Redelivered ?? false);
}
