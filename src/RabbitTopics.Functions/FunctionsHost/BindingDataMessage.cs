using System.Text.Json;
using RabbitTopics.Messages;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Rebuilds a message's envelope from the binding data that Microsoft's host sends with a RabbitMQ trigger: texts, and
/// the properties as JSON in which AMQP strings are base64.</summary>
internal static class BindingDataMessage
{
    /// <summary>The envelope, without the body; null where the binding data is not that of a RabbitMQ trigger.</summary>
    public static TopicMessage? Read(IReadOnlyDictionary<string, object?> data, string topicHeader)
    {
        if (Text(data, "RoutingKey") is not { } routingKey || Text(data, "Exchange") is not { } exchange
            || Text(data, "BasicProperties") is not { } basicProperties)
        {
            return null;
        }

        using var json = JsonDocument.Parse(basicProperties);
        var properties = json.RootElement;
        var headers = Property(properties, "Headers") is { ValueKind: JsonValueKind.Object } table ? ReadTable(table) : new MessageHeaders();
        return Messages.Envelope.Read(headers, ReadProperties(properties), exchange, routingKey,
            bool.TryParse(Text(data, "Redelivered"), out var redelivered) && redelivered, ReadOnlyMemory<byte>.Empty, topicHeader);
    }

    private static string? Text(IReadOnlyDictionary<string, object?> data, string name) =>
        data.TryGetValue(name, out var value) ? value as string : null;

    private static JsonElement? Property(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>What is not set comes as null, and as 0 where it is a number.</summary>
    private static MessageProperties ReadProperties(JsonElement properties) => new()
    {
        ContentType = Property(properties, "ContentType")?.GetString(),
        ContentEncoding = Property(properties, "ContentEncoding")?.GetString(),
        Persistent = Property(properties, "DeliveryMode")?.GetByte() switch { 2 => true, 1 => false, _ => null },
        Priority = Property(properties, "Priority")?.GetByte() is > 0 and var priority ? priority : null,
        CorrelationId = Property(properties, "CorrelationId")?.GetString(),
        ReplyTo = Property(properties, "ReplyTo")?.GetString(),
        Expiration = AmqpValue.Expiration(Property(properties, "Expiration")?.GetString()),
        MessageId = Property(properties, "MessageId")?.GetString(),
        Timestamp = Property(properties, "Timestamp") is { ValueKind: JsonValueKind.Object } time && ReadTime(time) is DateTimeOffset at
            && at != DateTimeOffset.UnixEpoch
            ? at
            : null,
        Type = Property(properties, "Type")?.GetString(),
        UserId = Property(properties, "UserId")?.GetString(),
        AppId = Property(properties, "AppId")?.GetString(),
        ClusterId = Property(properties, "ClusterId")?.GetString(),
    };

    private static MessageHeaders ReadTable(JsonElement table) =>
        new(table.EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, ReadValue(entry.Value))));

    private static object? ReadValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => ReadString(value),
        JsonValueKind.Number => value.TryGetInt64(out var number) ? (object)number : value.GetDouble(),
        JsonValueKind.Array => value.EnumerateArray().Select(ReadValue).ToList(),
        _ => ReadTime(value) ?? ReadTable(value),
    };

    private static object ReadString(JsonElement value) =>
        value.TryGetBytesFromBase64(out var bytes) ? AmqpValue.LongString(bytes) : value.GetString()!;

    /// <summary>A timestamp comes as <c>{"UnixTime":n}</c>: the time, or the bare number where that is beyond what a date can
    /// hold; null where the value is no timestamp.</summary>
    private static object? ReadTime(JsonElement value)
    {
        if (!value.TryGetProperty("UnixTime", out var unixTime) || value.EnumerateObject().Count() != 1 || !unixTime.TryGetInt64(out var seconds))
        {
            return null;
        }

        return AmqpValue.Time(seconds) is { } time ? time : seconds;
    }
}
