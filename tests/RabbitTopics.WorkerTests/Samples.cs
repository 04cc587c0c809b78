using System.Text;
using System.Text.Json.Nodes;
using RabbitTopics.WorkerTests.Host;

namespace RabbitTopics.WorkerTests;

/// <summary>Deliveries as Microsoft's host handed them on, captured: see the file.</summary>
internal static class Samples
{
    private static readonly JsonArray All = Load();

    public static IEnumerable<string> Names => All.Select(sample => (string)sample!["name"]!);

    /// <summary>What its publisher sent.</summary>
    public static JsonObject Sent(string name) => Find(name)["sent"]!.AsObject();

    /// <summary>What the host made of it.</summary>
    public static HostMessage Message(string name) => new()
    {
        Body = Body(Sent(name)),
        BindingData = Find(name)["bindingData"]!.AsObject().ToDictionary(entry => entry.Key, entry => (string)entry.Value!),
    };

    private static JsonNode Find(string name) => All.Single(sample => (string)sample!["name"]! == name)!;

    private static byte[] Body(JsonObject sent) =>
        sent["bodyBase64"] is { } base64 ? Convert.FromBase64String((string)base64!) : Encoding.UTF8.GetBytes((string)sent["body"]!);

    private static JsonArray Load()
    {
        using var stream = typeof(Samples).Assembly.GetManifestResourceStream("azure-binding-samples.json")!;
        return JsonNode.Parse(stream)!["samples"]!.AsArray();
    }
}
