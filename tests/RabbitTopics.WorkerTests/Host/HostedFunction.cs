using System.Text.Json.Nodes;
using RabbitTopics.WorkerTests.Protocol;

namespace RabbitTopics.WorkerTests.Host;

/// <summary>A function as a worker told it.</summary>
public sealed class HostedFunction(RpcFunctionMetadata metadata)
{
    public RpcFunctionMetadata Metadata => metadata;

    public string Name => metadata.Name;

    public IReadOnlyList<JsonObject> Bindings { get; } = [.. metadata.RawBindings.Select(binding => JsonNode.Parse(binding)!.AsObject())];

    public JsonObject Trigger => Bindings.Single(binding => ((string)binding["type"]!).EndsWith("Trigger", StringComparison.OrdinalIgnoreCase));

    /// <summary>The name of the parameter that takes what triggers it.</summary>
    public string TriggerName => (string)Trigger["name"]!;

    public IEnumerable<JsonObject> Outputs => Bindings.Where(binding => string.Equals((string)binding["direction"]!, "Out", StringComparison.OrdinalIgnoreCase));
}
