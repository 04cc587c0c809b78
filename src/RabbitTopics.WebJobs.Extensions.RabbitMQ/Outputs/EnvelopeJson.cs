using System.Globalization;
using System.Text;
using System.Text.Json;
using RabbitTopics.Messages;

namespace RabbitTopics.WebJobs.Outputs;

/// <summary>Reads a message that a function writes as a JSON object: <c>{"body": …, "routingKey": "…", "headers": {…}, "properties": {…}}</c>.</summary>
internal static class EnvelopeJson
{
    private static readonly string[] Known = ["body", "bodyBase64", "routingKey", "headers", "properties"];

    /// <summary>The message. A body that is a text goes as that text, and any other as JSON; without a routing key its topic is empty.</summary>
    /// <exception cref="FormatException">It is no such object; the message says what is wrong with it.</exception>
    public static TopicMessage Read(ReadOnlyMemory<byte> text, JsonBody json)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || root.EnumerateObject().FirstOrDefault(entry => !Known.Contains(entry.Name)) is { Value.ValueKind: not JsonValueKind.Undefined })
            {
                throw new FormatException($"A RabbitMQ output with 'envelope' was given something else than an object with some of: {string.Join(", ", Known)}.");
            }

            var (body, contentType) = Body(root, json);
            var properties = root.TryGetProperty("properties", out var given) ? Properties(given) : new MessageProperties();
            return new TopicMessage
            {
                Topic = root.TryGetProperty("routingKey", out var key) ? key.GetString() ?? "" : "",
                Body = body,
                Headers = root.TryGetProperty("headers", out var headers) ? Table(headers) : new MessageHeaders(),
                Properties = properties with { ContentType = properties.ContentType ?? contentType },
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or OverflowException)
        {
            throw new FormatException($"A RabbitMQ output with 'envelope' was given no envelope: {exception.Message}", exception);
        }
    }

    private static (byte[] Body, string ContentType) Body(JsonElement root, JsonBody json) =>
        root.TryGetProperty("bodyBase64", out var base64) ? (base64.GetBytesFromBase64(), "application/octet-stream")
        : !root.TryGetProperty("body", out var body) ? throw new FormatException("A RabbitMQ output with 'envelope' was given no 'body' and no 'bodyBase64'.")
        : body.ValueKind == JsonValueKind.String ? (Encoding.UTF8.GetBytes(body.GetString()!), "text/plain")
        : (json.Write(body), JsonBody.ContentType);

    private static MessageProperties Properties(JsonElement json)
    {
        var properties = new MessageProperties();
        foreach (var property in json.EnumerateObject())
        {
            var value = property.Value;
            properties = property.Name switch
            {
                "contentType" => properties with { ContentType = value.GetString() },
                "contentEncoding" => properties with { ContentEncoding = value.GetString() },
                "persistent" => properties with { Persistent = value.GetBoolean() },
                "priority" => properties with { Priority = value.GetByte() },
                "correlationId" => properties with { CorrelationId = value.GetString() },
                "replyTo" => properties with { ReplyTo = value.GetString() },
                "expirationMilliseconds" => properties with { Expiration = TimeSpan.FromMilliseconds(value.GetInt64()) },
                "messageId" => properties with { MessageId = value.GetString() },
                "timestamp" => properties with { Timestamp = DateTimeOffset.Parse(value.GetString()!, CultureInfo.InvariantCulture) },
                "type" => properties with { Type = value.GetString() },
                "userId" => properties with { UserId = value.GetString() },
                "appId" => properties with { AppId = value.GetString() },
                _ => throw new FormatException($"A RabbitMQ output with 'envelope' was given a property '{property.Name}', which AMQP does not have."),
            };
        }

        return properties;
    }

    private static MessageHeaders Table(JsonElement json) => new(json.EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, Value(entry.Value))));

    private static object? Value(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Number => json.TryGetInt64(out var number) ? (object)number : json.GetDouble(),
        JsonValueKind.Array => json.EnumerateArray().Select(Value).ToList(),
        _ => Table(json),
    };
}
