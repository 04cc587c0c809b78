using System.Buffers;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitTopics.Messages;

namespace RabbitTopics.HostExtension;

/// <summary>What our extension of a Functions host tells the app of a delivery beside its body: one entry of the trigger's binding data, as JSON. Unlike
/// the entries that Microsoft's extension has it keeps the types of the headers.</summary>
/// <param name="Id">By which the app settles the delivery; nobody can guess it.</param>
/// <param name="Exchange">The exchange that it came by.</param>
/// <param name="RoutingKey">The routing key that it came with.</param>
/// <param name="Redelivered">Whether the broker delivered it before.</param>
/// <param name="ConsumerTag">The consumer that it was delivered to.</param>
/// <param name="DeliveryTag">The number of the delivery on its channel.</param>
/// <param name="Properties">Its properties and headers, with the types that they had on the wire.</param>
internal sealed record DeliveryData(
    string Id, string Exchange, string RoutingKey, bool Redelivered, string ConsumerTag, ulong DeliveryTag, IReadOnlyBasicProperties Properties)
{
    /// <summary>The entry's name.</summary>
    public const string Name = "RabbitTopics";

    private const string IdName = "id";
    private const string ExchangeName = "exchange";
    private const string RoutingKeyName = "routingKey";
    private const string RedeliveredName = "redelivered";
    private const string ConsumerTagName = "consumerTag";
    private const string DeliveryTagName = "deliveryTag";
    private const string PropertiesName = "properties";

    /// <summary>As deep as what a <see cref="Utf8JsonWriter"/> writes.</summary>
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1000 };

    /// <summary>That of a delivery.</summary>
    public static DeliveryData Of(Delivery delivery, string id) => new(
        id, delivery.Exchange, delivery.RoutingKey, delivery.Redelivered, delivery.ConsumerTag, delivery.DeliveryTag, delivery.RawProperties);

    /// <summary>The entry.</summary>
    /// <exception cref="InvalidOperationException">The headers are nested more deeply than JSON can be.</exception>
    public string Write()
    {
        var output = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString(IdName, Id);
            json.WriteString(ExchangeName, Exchange);
            json.WriteString(RoutingKeyName, RoutingKey);
            json.WriteBoolean(RedeliveredName, Redelivered);
            json.WriteString(ConsumerTagName, ConsumerTag);
            json.WriteNumber(DeliveryTagName, DeliveryTag);
            json.WritePropertyName(PropertiesName);
            PropertiesJson.Write(json, Properties);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <summary>Reads the entry.</summary>
    /// <exception cref="JsonException">It is not what <see cref="Write"/> wrote.</exception>
    public static DeliveryData Read(string text)
    {
        using var json = JsonDocument.Parse(text, Deep);
        var root = json.RootElement;
        return new DeliveryData(Text(IdName), Text(ExchangeName), Text(RoutingKeyName), root.GetProperty(RedeliveredName).GetBoolean(),
            Text(ConsumerTagName), root.GetProperty(DeliveryTagName).GetUInt64(), PropertiesJson.Read(root.GetProperty(PropertiesName)));

        string Text(string name) => root.GetProperty(name).GetString()!;
    }
}
