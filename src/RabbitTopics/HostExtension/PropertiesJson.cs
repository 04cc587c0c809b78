using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using RabbitMQ.Client;

namespace RabbitTopics.HostExtension;

/// <summary>Writes AMQP properties and headers as JSON, and reads them again with the types that they had. A text, a whole number of 32 bits, a boolean and
/// a list stand as JSON has them. Any other value is an object with one entry, whose name is the letter of its type
/// (https://www.rabbitmq.com/amqp-0-9-1-errata#section_3).</summary>
internal static class PropertiesJson
{
    private const string HeadersName = "headers";
    private const string DeliveryModeName = "deliveryMode";
    private const string PriorityName = "priority";
    private const string TimestampName = "timestamp";

    private static readonly (string Name, Func<IReadOnlyBasicProperties, string?> Get, Action<BasicProperties, string> Set)[] Texts =
    [
        ("contentType", properties => properties.ContentType, (properties, value) => properties.ContentType = value),
        ("contentEncoding", properties => properties.ContentEncoding, (properties, value) => properties.ContentEncoding = value),
        ("correlationId", properties => properties.CorrelationId, (properties, value) => properties.CorrelationId = value),
        ("replyTo", properties => properties.ReplyTo, (properties, value) => properties.ReplyTo = value),
        ("expiration", properties => properties.Expiration, (properties, value) => properties.Expiration = value),
        ("messageId", properties => properties.MessageId, (properties, value) => properties.MessageId = value),
        ("type", properties => properties.Type, (properties, value) => properties.Type = value),
        ("userId", properties => properties.UserId, (properties, value) => properties.UserId = value),
        ("appId", properties => properties.AppId, (properties, value) => properties.AppId = value),
        ("clusterId", properties => properties.ClusterId, (properties, value) => properties.ClusterId = value),
    ];

    /// <summary>Writes them. What is not set is left out.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyBasicProperties properties)
    {
        json.WriteStartObject();
        foreach (var (name, get, _) in Texts)
        {
            if (get(properties) is { } text)
            {
                json.WriteString(name, text);
            }
        }

        if (properties.IsDeliveryModePresent())
        {
            json.WriteNumber(DeliveryModeName, (byte)properties.DeliveryMode);
        }

        if (properties.IsPriorityPresent())
        {
            json.WriteNumber(PriorityName, properties.Priority);
        }

        if (properties.IsTimestampPresent())
        {
            json.WriteNumber(TimestampName, properties.Timestamp.UnixTime);
        }

        if (properties.Headers is { } headers)
        {
            json.WritePropertyName(HeadersName);
            WriteTable(json, headers);
        }

        json.WriteEndObject();
    }

    /// <summary>Reads what <see cref="Write"/> wrote: as the client delivers them, texts in the headers as bytes.</summary>
    public static BasicProperties Read(JsonElement json)
    {
        var properties = new BasicProperties();
        foreach (var (name, _, set) in Texts)
        {
            if (json.TryGetProperty(name, out var text))
            {
                set(properties, text.GetString()!);
            }
        }

        if (json.TryGetProperty(DeliveryModeName, out var mode))
        {
            properties.DeliveryMode = (DeliveryModes)mode.GetByte();
        }

        if (json.TryGetProperty(PriorityName, out var priority))
        {
            properties.Priority = priority.GetByte();
        }

        if (json.TryGetProperty(TimestampName, out var time))
        {
            properties.Timestamp = new AmqpTimestamp(time.GetInt64());
        }

        if (json.TryGetProperty(HeadersName, out var headers))
        {
            properties.Headers = ReadTable(headers);
        }

        return properties;
    }

    private static void WriteTable(Utf8JsonWriter json, IDictionary<string, object?> table)
    {
        json.WriteStartObject();
        foreach (var (name, value) in table)
        {
            json.WritePropertyName(name);
            WriteValue(json, value);
        }

        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int number:
                json.WriteNumberValue(number);
                break;
            case byte[] text when Utf8.IsValid(text):
                json.WriteStringValue(text);
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case IList list and not byte[]:
                json.WriteStartArray();
                foreach (var item in list)
                {
                    WriteValue(json, item);
                }

                json.WriteEndArray();
                break;
            default:
                json.WriteStartObject();
                WriteTyped(json, value);
                json.WriteEndObject();
                break;
        }
    }

    private static void WriteTyped(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case IDictionary<string, object?> table:
                json.WritePropertyName("F");
                WriteTable(json, table);
                break;
            case byte[] bytes:
                json.WriteBase64String("S", bytes);
                break;
            case BinaryTableValue binary:
                json.WriteBase64String("x", binary.Bytes);
                break;
            case AmqpTimestamp time:
                json.WriteNumber("T", time.UnixTime);
                break;
            default:
                json.WriteString(LetterOf(value), Convert.ToString(value, CultureInfo.InvariantCulture)); // A float may be none that JSON has.
                break;
        }
    }

    private static string LetterOf(object value) => value switch
    {
        sbyte => "b",
        byte => "B",
        short => "s",
        ushort => "u",
        uint => "i",
        long => "l",
        float => "f",
        double => "d",
        decimal => "D",
        _ => throw new ArgumentException($"A header cannot hold a {value.GetType()}: AMQP has no such type."),
    };

    private static Dictionary<string, object?> ReadTable(JsonElement json) => json.EnumerateObject().ToDictionary(entry => entry.Name, entry => ReadValue(entry.Value));

    private static object? ReadValue(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => json.GetInt32(),
        JsonValueKind.String => Encoding.UTF8.GetBytes(json.GetString()!),
        JsonValueKind.Array => json.EnumerateArray().Select(ReadValue).ToList(),
        _ => ReadTyped(json.EnumerateObject().Single()),
    };

    private static object ReadTyped(JsonProperty typed)
    {
        var value = typed.Value;
        return typed.Name switch
        {
            "F" => ReadTable(value),
            "S" => value.GetBytesFromBase64(),
            "x" => new BinaryTableValue(value.GetBytesFromBase64()),
            "T" => new AmqpTimestamp(value.GetInt64()),
            "b" => sbyte.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            "B" => byte.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            "s" => short.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            "u" => ushort.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            "i" => uint.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            "l" => long.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            "f" => float.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            "d" => double.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            "D" => decimal.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            _ => throw new JsonException($"'{typed.Name}' is no type of a header."),
        };
    }
}
