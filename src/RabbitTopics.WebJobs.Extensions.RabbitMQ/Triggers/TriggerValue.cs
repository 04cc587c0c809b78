using System.Text;
using RabbitMQ.Client;
using RabbitTopics.HostExtension;
using RabbitTopics.Messages;
using RabbitTopics.Settling;

namespace RabbitTopics.WebJobs.Triggers;

/// <summary>A delivery as the host takes it to its function.</summary>
/// <param name="Delivery">The delivery.</param>
/// <param name="Data">What the app reads of it, see <see cref="DeliveryData"/>.</param>
internal sealed record TriggerValue(Delivery Delivery, string Data)
{
    /// <summary>The names and types of the binding data. Those but the last are those of Microsoft's extension; it has a <c>Body</c>, too, which says nothing of it,
    /// and forbids a parameter of the name.</summary>
    public static IReadOnlyDictionary<string, Type> Contract { get; } = new Dictionary<string, Type>(StringComparer.OrdinalIgnoreCase)
    {
        ["ConsumerTag"] = typeof(string),
        ["DeliveryTag"] = typeof(ulong),
        ["Redelivered"] = typeof(bool),
        ["Exchange"] = typeof(string),
        ["RoutingKey"] = typeof(string),
        ["BasicProperties"] = typeof(BindingProperties),
        [DeliveryData.Name] = typeof(string),
    };

    /// <summary>That of a delivery.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="id">By which the app settles it.</param>
    /// <exception cref="PoisonMessageException">Its headers cannot be written as JSON.</exception>
    public static TriggerValue Of(Delivery delivery, string id)
    {
        try
        {
            return new TriggerValue(delivery, DeliveryData.Of(delivery, id).Write());
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            throw new PoisonMessageException(exception);
        }
    }

    /// <summary>The values of <see cref="Contract"/>.</summary>
    public IReadOnlyDictionary<string, object?> BindingData() => new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase)
    {
        ["ConsumerTag"] = Delivery.ConsumerTag,
        ["DeliveryTag"] = Delivery.DeliveryTag,
        ["Redelivered"] = Delivery.Redelivered,
        ["Exchange"] = Delivery.Exchange,
        ["RoutingKey"] = Delivery.RoutingKey,
        ["BasicProperties"] = new BindingProperties(Delivery.RawProperties),
        [DeliveryData.Name] = Data,
    };

    /// <summary>What a parameter of a type gets. Text and bytes are the body as it was sent: an app in another process makes its own of it.</summary>
    /// <exception cref="BodyFormatException">The body is not what the message says of it, or nothing reads it as the type.</exception>
    public object Read(Type type, MessageBody bodies) =>
        type == typeof(byte[]) ? Delivery.Body.Read(0, static (body, _) => body.ToArray())
        : type == typeof(string) || type == typeof(object) ? Delivery.Body.Read(0, static (body, _) => Encoding.UTF8.GetString(body.Span))
        : type == typeof(BinaryData) ? new BinaryData(Delivery.Body.Keep())
        : type == typeof(TopicMessage) ? Delivery.Message
        : bodies.Read(Delivery, type);
}

/// <summary>The AMQP properties of a message as Microsoft's extension gives them in the binding data: the host writes them as JSON.</summary>
/// <param name="properties">The properties.</param>
internal sealed class BindingProperties(IReadOnlyBasicProperties properties)
{
    /// <summary>The media type of the body.</summary>
    public string? ContentType => properties.ContentType;

    /// <summary>How the body is encoded.</summary>
    public string? ContentEncoding => properties.ContentEncoding;

    /// <summary>The headers; texts in them are bytes.</summary>
    public IDictionary<string, object?>? Headers => properties.Headers;

    /// <summary>1 or 2, 2 for a persistent message; 0 where it is not set.</summary>
    public byte DeliveryMode => properties.IsDeliveryModePresent() ? (byte)properties.DeliveryMode : (byte)0;

    /// <summary>The priority; 0 where it is not set.</summary>
    public byte Priority => properties.Priority;

    /// <summary>What this message answers or belongs to.</summary>
    public string? CorrelationId => properties.CorrelationId;

    /// <summary>The queue that an answer goes to.</summary>
    public string? ReplyTo => properties.ReplyTo;

    /// <summary>Milliseconds, as text.</summary>
    public string? Expiration => properties.Expiration;

    /// <summary>The message's own id.</summary>
    public string? MessageId => properties.MessageId;

    /// <summary>When the message was made, in seconds since 1970.</summary>
    public AmqpTimestamp Timestamp => properties.Timestamp;

    /// <summary>The application's name for the kind of message.</summary>
    public string? Type => properties.Type;

    /// <summary>The user that published.</summary>
    public string? UserId => properties.UserId;

    /// <summary>The application that published.</summary>
    public string? AppId => properties.AppId;

    /// <summary>Deprecated in AMQP 0-9-1.</summary>
    public string? ClusterId => properties.ClusterId;
}
