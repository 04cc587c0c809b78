using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf;
using RabbitMQ.Client;
using RabbitTopics.WorkerTests.Protocol;

namespace RabbitTopics.WorkerTests.Host;

/// <summary>A message as the RabbitMQ listener of Microsoft's host hands it on: the body, and texts beside it, as
/// azure-binding-samples.json shows them.</summary>
public sealed class HostMessage
{
    /// <summary>These are texts to the host; the others are JSON.</summary>
    private static readonly string[] Texts = ["ConsumerTag", "Exchange", "RoutingKey", "RabbitTopics"];

    public required ReadOnlyMemory<byte> Body { get; init; }

    public required IReadOnlyDictionary<string, string> BindingData { get; init; }

    /// <summary>A message published to <c>amq.topic</c>, unless told otherwise.</summary>
    public static HostMessage Of(string routingKey, ReadOnlyMemory<byte> body, string exchange = "amq.topic", string? messageId = null, string? contentType = null,
        string? contentEncoding = null, params IEnumerable<(string Name, object? Value)> headers)
    {
        var table = new JsonObject(headers.Select(header => KeyValuePair.Create(header.Name, Header(header.Value))));
        var properties = new JsonObject
        {
            ["ContentType"] = contentType,
            ["ContentEncoding"] = contentEncoding,
            ["Headers"] = table.Count == 0 ? null : table,
            ["DeliveryMode"] = 2,
            ["Priority"] = 0,
            ["MessageId"] = messageId,
            ["Timestamp"] = new JsonObject { ["UnixTime"] = 0 },
        };
        return new HostMessage
        {
            Body = body,
            BindingData = new Dictionary<string, string>
            {
                ["ConsumerTag"] = "amq.ctag-of-the-test",
                ["DeliveryTag"] = "1",
                ["Redelivered"] = "false",
                ["Exchange"] = exchange,
                ["RoutingKey"] = routingKey,
                ["BasicProperties"] = properties.ToJsonString(),
                ["Body"] = $$"""{"Length":{{body.Length}},"IsEmpty":{{(body.IsEmpty ? "true" : "false")}}}""",
            },
        };
    }

    public static HostMessage Of(string routingKey, string body, string? messageId = null, params IEnumerable<(string Name, object? Value)> headers) =>
        Of(routingKey, Encoding.UTF8.GetBytes(body), messageId: messageId, headers: headers);

    /// <summary>A message as it was taken from a broker.</summary>
    public static HostMessage Of(BasicGetResult message) => Of(message.RoutingKey, message.Body, message.Exchange, message.BasicProperties.MessageId, message.BasicProperties.ContentType,
        message.BasicProperties.ContentEncoding, (message.BasicProperties.Headers ?? new Dictionary<string, object?>()).Select(header => (header.Key, header.Value)));

    /// <summary>The same as our extension hands it on: with an entry of its own beside the others.</summary>
    /// <param name="id">By which the app settles it.</param>
    /// <param name="properties">Its properties and headers, as the entry has them.</param>
    public HostMessage OfOurExtension(string id, string properties) => new()
    {
        Body = Body,
        BindingData = new Dictionary<string, string>(BindingData)
        {
            ["RabbitTopics"] = $$"""{"id":"{{id}}","exchange":"{{BindingData["Exchange"]}}","routingKey":"{{BindingData["RoutingKey"]}}","redelivered":false,"consumerTag":"c","deliveryTag":1,"properties":{{properties}}}""",
        },
    };

    /// <summary>The invocation that the host makes of it.</summary>
    public InvocationRequest ToRequest(HostedFunction function)
    {
        var request = new InvocationRequest { FunctionId = function.Metadata.FunctionId };
        var data = BindingData.ToDictionary(entry => entry.Key, entry => Array.IndexOf(Texts, entry.Key) >= 0
            ? new TypedData { String = entry.Value }
            : new TypedData { Json = entry.Value }, StringComparer.OrdinalIgnoreCase);
        var value = new TypedData { Bytes = ByteString.CopyFrom(Body.Span) };
        if (!string.Equals((string?)function.Trigger["dataType"], "Binary", StringComparison.OrdinalIgnoreCase))
        {
            value = new TypedData { String = Encoding.UTF8.GetString(Body.Span) };
            Overlay(data, value.String);
        }

        request.InputData.Add(new ParameterBinding { Name = function.TriggerName, Data = value });
        request.TriggerMetadata.Add(data);
        return request;
    }

    /// <summary>The host's trap for those who take strings: the properties of a JSON object replace what the trigger told.</summary>
    private static void Overlay(Dictionary<string, TypedData> data, string body)
    {
        JsonNode? json;
        try
        {
            json = JsonNode.Parse(body);
        }
        catch (System.Text.Json.JsonException)
        {
            return;
        }

        foreach (var (name, value) in json as JsonObject ?? [])
        {
            data[name] = value is JsonValue text && text.TryGetValue<string>(out var plain) ? new TypedData { String = plain } : new TypedData { Json = value?.ToJsonString() ?? "null" };
        }
    }

    /// <summary>AMQP strings are base64 in the host's JSON.</summary>
    private static JsonNode? Header(object? value) => value switch
    {
        string text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)),
        byte[] text => Convert.ToBase64String(text),
        int number => number,
        long number => number,
        bool flag => flag,
        AmqpTimestamp time => new JsonObject { ["UnixTime"] = time.UnixTime },
        IDictionary<string, object?> table => new JsonObject(table.Select(entry => KeyValuePair.Create(entry.Key, Header(entry.Value)))),
        IList<object?> list => new JsonArray([.. list.Select(Header)]),
        JsonNode node => node,
        null => null,
        _ => throw new ArgumentException($"A header of type {value.GetType()}: say how the host writes it.", nameof(value)),
    };
}
