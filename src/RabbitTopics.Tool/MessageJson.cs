using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace RabbitTopics.Tool;

/// <summary>Writes messages and dead letters as JSON. A body that is JSON stands as that, one that is text as a string, and any other under <c>bodyBase64</c>.</summary>
internal static class MessageJson
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A header may be a number that JSON lacks (NaN).</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private static readonly JsonSerializerOptions Indented = new(Options) { WriteIndented = true };

    /// <summary>All that is known of a dead letter.</summary>
    public static string Write(DeadLetter letter, bool indented = false) => JsonSerializer.Serialize(new
    {
        letter.Queue,
        letter.Reason,
        letter.Description,
        letter.Attempts,
        letter.Time,
        letter.OriginalQueue,
        letter.Handler,
        letter.ExceptionType,
        letter.ExceptionMessage,
        letter.ExceptionStack,
        Message = Fields(letter.Message),
    }, indented ? Indented : Options);

    /// <summary>A message.</summary>
    public static string Write(TopicMessage message) => JsonSerializer.Serialize(Fields(message), Options);

    /// <summary>The headers of a message, as values that JSON has.</summary>
    public static Dictionary<string, object?> Headers(TopicMessage message) => message.Headers.ToDictionary(header => header.Key, header => Value(header.Value));

    private static object Fields(TopicMessage message)
    {
        var text = Text(message.Body.Span);
        return new
        {
            message.Id,
            message.Topic,
            message.Exchange,
            message.RoutingKey,
            message.Properties,
            Headers = Headers(message),
            Body = text is null ? null : Json(text) ?? JsonValue.Create(text),
            BodyBase64 = text is null ? Convert.ToBase64String(message.Body.Span) : null,
        };
    }

    /// <summary>The body as text; null where it is none.</summary>
    public static string? Text(ReadOnlySpan<byte> body)
    {
        try
        {
            return Strict.GetString(body);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>A JSON object or array with a line for each value; null where the text is none.</summary>
    public static string? Indent(string text) => Json(text)?.ToJsonString(Indented);

    private static JsonNode? Json(string text)
    {
        try
        {
            var node = JsonNode.Parse(text);
            _ = node?.ToJsonString(); // Half of a surrogate pair, escaped, can be parsed and not written.
            return node is JsonObject or JsonArray ? node : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static object? Value(object? value) => value switch
    {
        byte[] bytes => Convert.ToBase64String(bytes),
        MessageHeaders table => table.ToDictionary(header => header.Key, header => Value(header.Value)),
        IEnumerable<object?> list => list.Select(Value).ToList(),
        _ => value,
    };
}
