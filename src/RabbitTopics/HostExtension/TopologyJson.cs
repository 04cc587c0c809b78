using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RabbitTopics.Topology;

namespace RabbitTopics.HostExtension;

/// <summary>The queue of a trigger and what is bound to it as text, in which the app tells our extension of a Functions host what to declare.</summary>
internal static class TopologyJson
{
    private const string DurableName = "durable";
    private const string ExclusiveName = "exclusive";
    private const string AutoDeleteName = "autoDelete";
    private const string ArgumentsName = "arguments";
    private const string BindingsName = "bindings";
    private const string RemovedName = "removed";
    private const string ExchangeName = "exchange";
    private const string ExchangeTypeName = "exchangeType";
    private const string TopicName = "topic";

    /// <summary>Writes it, without the names of the queue and of its broker.</summary>
    public static string Write(QueueTopology queue) => new JsonObject
    {
        [DurableName] = queue.Properties.Durable,
        [ExclusiveName] = queue.Properties.Exclusive,
        [AutoDeleteName] = queue.Properties.AutoDelete,
        [ArgumentsName] = WriteArguments(queue.Properties.Arguments),
        [BindingsName] = WriteBindings(queue.Bindings),
        [RemovedName] = WriteBindings(queue.Removed),
    }.ToJsonString();

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="connectionStringSetting">The setting that names the broker.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">It is no such text.</exception>
    public static QueueTopology Read(string connectionStringSetting, string queue, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var json = document.RootElement;
            return new QueueTopology(connectionStringSetting, queue, ReadBindings(json.GetProperty(BindingsName)))
            {
                Removed = ReadBindings(json.GetProperty(RemovedName)),
                Properties = new QueueProperties
                {
                    Durable = json.GetProperty(DurableName).GetBoolean(),
                    Exclusive = json.GetProperty(ExclusiveName).GetBoolean(),
                    AutoDelete = json.GetProperty(AutoDeleteName).GetBoolean(),
                    Arguments = ReadArguments(json.GetProperty(ArgumentsName)),
                },
            };
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"The 'topology' of the trigger of queue '{queue}' is not what RabbitTopics writes there: {exception.Message} Leave it out, and name 'topics'.", exception);
        }
    }

    /// <summary>By the constructor: what a collection expression calls needs reflection.</summary>
    private static JsonArray WriteBindings(IEnumerable<TopicBinding> bindings) => new([.. bindings.Select(JsonNode (binding) => new JsonObject
    {
        [ExchangeName] = binding.Exchange,
        [ExchangeTypeName] = binding.ExchangeType,
        [TopicName] = binding.Topic,
        [ArgumentsName] = binding.Arguments is { } arguments ? WriteArguments(arguments) : null,
    })]);

    private static TopicBinding[] ReadBindings(JsonElement json) => [.. json.EnumerateArray().Select(binding =>
        new TopicBinding(binding.GetProperty(ExchangeName).GetString()!, binding.GetProperty(TopicName).GetString()!)
        {
            ExchangeType = binding.GetProperty(ExchangeTypeName).GetString()!,
            Arguments = binding.GetProperty(ArgumentsName) is { ValueKind: JsonValueKind.Object } arguments ? ReadArguments(arguments) : null,
        })];

    private static JsonObject WriteArguments(IReadOnlyDictionary<string, object?> arguments) => new(arguments.Select(argument => KeyValuePair.Create(argument.Key, (JsonNode?)WriteValue(argument.Value))));

    /// <summary>An attribute can give a text, a number or a boolean. To the broker whole numbers of different widths are equal.</summary>
    private static JsonValue? WriteValue(object? value) => value switch
    {
        null => null,
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        float or double or decimal => JsonValue.Create(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        _ => JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
    };

    private static Dictionary<string, object?> ReadArguments(JsonElement json) => json.EnumerateObject().ToDictionary(argument => argument.Name, argument => (object?)(argument.Value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => argument.Value.TryGetInt64(out var number) ? (object)number : argument.Value.GetDouble(),
        _ => argument.Value.GetString(),
    }));
}
