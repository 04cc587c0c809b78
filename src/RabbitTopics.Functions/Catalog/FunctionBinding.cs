using System.Text.Json;
using RabbitTopics.Connections;

namespace RabbitTopics.Functions.Catalog;

/// <summary>One binding of a function, from the JSON that Microsoft's Sdk makes of its attribute. So a trigger is known by its type, and not
/// by the package that its attribute is of.</summary>
internal sealed class FunctionBinding(string rawBinding)
{
    /// <summary>The name of the output that takes the result itself.</summary>
    public const string ReturnName = "$return";

    private readonly JsonElement _json = JsonElement.Parse(rawBinding);

    /// <summary>The parameter's name; for an output <see cref="ReturnName"/> or the name of the result's property.</summary>
    public string Name => Text("name") ?? "";

    /// <summary>For example <c>rabbitMQTrigger</c>, <c>timerTrigger</c> or, as an output, <c>rabbitMQ</c>.</summary>
    public string Type => Text("type") ?? "";

    public bool IsOutput => string.Equals(Text("direction"), "Out", StringComparison.OrdinalIgnoreCase);

    public bool IsTrigger => !IsOutput && Type.EndsWith("Trigger", StringComparison.OrdinalIgnoreCase);

    public bool Is(string type) => string.Equals(Type, type, StringComparison.OrdinalIgnoreCase);

    public string? Text(string property) => Find(property) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public int Number(string property) => Find(property) is { ValueKind: JsonValueKind.Number } value ? value.GetInt32() : 0;

    public bool Flag(string property, bool fallback = false) =>
        Find(property) is { ValueKind: JsonValueKind.True or JsonValueKind.False } value ? value.GetBoolean() : fallback;

    private JsonElement? Find(string property) => _json.EnumerateObject()
        .Where(candidate => string.Equals(candidate.Name, property, StringComparison.OrdinalIgnoreCase)).Select(candidate => (JsonElement?)candidate.Value).FirstOrDefault();
}

/// <summary>A RabbitMQ trigger or output of a function.</summary>
/// <param name="Name">The name of the binding.</param>
/// <param name="QueueName">The queue as the attribute has it, with <c>%NAME%</c> for settings.</param>
internal sealed record RabbitMQBinding(string Name, string QueueName)
{
    public const string TriggerType = "rabbitMQTrigger";
    public const string OutputType = "rabbitMQ";

    /// <summary>Which broker; null where the attribute does not say, and it is the app's.</summary>
    public BrokerReference? Broker { get; init; }

    /// <summary>The setting of the broker's URI, or the <see cref="BrokerReference"/> in its place.</summary>
    public string ConnectionSetting(RabbitTopicsOptions app) => BrokerReference.SettingName(Broker, app.ConnectionStringSetting);

    public static RabbitMQBinding? Read(FunctionBinding binding) => !binding.Is(TriggerType) && !(binding.IsOutput && binding.Is(OutputType))
        ? null
        : new RabbitMQBinding(binding.Name, binding.Text("queueName") ?? "")
        {
            Broker = BrokerReference.Of(
                binding.Text("connectionStringSetting"),
                binding.Text("hostName"),
                binding.Text("userNameSetting") ?? binding.Text("userName"),
                binding.Text("passwordSetting") ?? binding.Text("password"),
                binding.Number("port"),
                binding.Flag("disableCertificateValidation")),
        };
}
