using System.Text;
using RabbitMQ.Client;
using RabbitTopics.Messages;

namespace RabbitTopics.Publishing;

/// <summary>Makes what goes over the wire of what an app publishes.</summary>
internal static class OutgoingMessage
{
    private const string TextType = "text/plain";
    private const string BytesType = "application/octet-stream";

    /// <summary>A body, and what it is; null where it is a message's own and that does not say.</summary>
    public static (ReadOnlyMemory<byte> Body, string? ContentType) Body(object value, JsonBody json) => value switch
    {
        TopicMessage { ValueToWrite: null } message => (message.Body, null),
        TopicMessage message => Body(message.ValueToWrite!, json),
        string text => (Encoding.UTF8.GetBytes(text), TextType),
        byte[] bytes => (bytes, BytesType),
        ReadOnlyMemory<byte> memory => (memory, BytesType),
        _ => (json.Write(value), JsonBody.ContentType),
    };

    /// <summary>The properties and headers.</summary>
    public static BasicProperties Properties(string topic, object value, string? contentType, PublishOptions options, string topicHeader, DateTimeOffset now)
    {
        var message = value as TopicMessage;
        var own = message?.Properties ?? new MessageProperties();
        var given = options.Properties ?? new MessageProperties();
        var defaults = options.Defaults;
        var properties = new MessageProperties
        {
            ContentType = own.ContentType ?? given.ContentType ?? (Has(PublishDefaults.ContentType) ? contentType : null),
            ContentEncoding = own.ContentEncoding ?? given.ContentEncoding,
            Persistent = own.Persistent ?? given.Persistent ?? (Has(PublishDefaults.Persistent) ? true : null),
            Priority = own.Priority ?? given.Priority,
            CorrelationId = own.CorrelationId ?? given.CorrelationId,
            ReplyTo = own.ReplyTo ?? given.ReplyTo,
            Expiration = own.Expiration ?? given.Expiration,
            MessageId = own.MessageId ?? given.MessageId ?? (Has(PublishDefaults.MessageId) ? Guid.CreateVersion7(now).ToString() : null),
            Timestamp = own.Timestamp ?? given.Timestamp ?? (Has(PublishDefaults.Timestamp) ? now : null),
            Type = own.Type ?? given.Type,
            UserId = own.UserId ?? given.UserId,
            AppId = own.AppId ?? given.AppId,
            ClusterId = own.ClusterId ?? given.ClusterId,
        };

        var headers = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, header) in (options.Headers ?? []).Concat(message?.Headers ?? []))
        {
            headers[name] = header;
        }

        if (Has(PublishDefaults.TopicHeader) && options.Headers?.GetString(topicHeader) is null)
        {
            headers[topicHeader] = topic; // Of a message that is passed on, it is another's.
        }

        // go-micro takes nothing but the bare media type.
        Add(PublishDefaults.ContentTypeHeader, HeaderNames.ContentType, (properties.ContentType ?? contentType)?.Split(';')[0].TrimEnd());
        Add(PublishDefaults.MicroIdHeaders, HeaderNames.MessageId, properties.MessageId);
        var written = properties.Write(new MessageHeaders(headers));
        if (headers.TryGetValue(HeaderNames.MessageId, out var id) && Has(PublishDefaults.MicroIdHeaders) && written.Headers is { } table)
        {
            // The two names differ by case alone, and each version of go-micro looks for its own.
            table[HeaderNames.MessageId] = id;
            table["Micro-ID"] = id;
        }

        return written;

        bool Has(PublishDefaults one) => defaults.HasFlag(one);

        void Add(PublishDefaults one, string name, string? text)
        {
            if (Has(one) && text is not null && headers.GetValueOrDefault(name) is null or "")
            {
                headers[name] = text;
            }
        }
    }
}
