using System.Buffers.Binary;
using System.Text;
using RabbitMQ.Client;
using RabbitTopics.Messages;
using RabbitTopics.Topology;

namespace RabbitTopics.Topics;

/// <summary>What goes over the wire for something that an app publishes.</summary>
/// <param name="Exchange">Where it goes to, when its delay is over.</param>
/// <param name="Topic">With which routing key.</param>
/// <param name="Properties">Its properties and headers.</param>
/// <param name="Body">Its body.</param>
/// <param name="Delay">How long it waits first, rounded up as its queue is; zero for not at all.</param>
internal readonly record struct OutgoingMessage(string Exchange, string Topic, BasicProperties Properties, ReadOnlyMemory<byte> Body, TimeSpan Delay)
{
    private const int LongestName = 255; // AMQP 0-9-1: a short string, in bytes.
    private const string TextType = "text/plain";
    private const string BytesType = "application/octet-stream";

    private static readonly MessageProperties NoProperties = new();
    private static readonly MessageHeaders NoHeaders = new();

    /// <summary>Makes it.</summary>
    /// <exception cref="ArgumentException">The topic or an option makes no sense.</exception>
    /// <exception cref="MessageTooLargeException">The body is longer than the app allows.</exception>
    public static OutgoingMessage Of(string topic, object value, PublishOptions options, RabbitTopicsOptions app, JsonBody json, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentException.ThrowIfNullOrEmpty(topic);
        if (IsTooLong(topic))
        {
            throw new ArgumentException($"The topic '{topic[..40]}…' is longer than {LongestName} bytes.", nameof(topic));
        }

        if (options.Timeout is { } timeout && (timeout <= TimeSpan.Zero || timeout > ErrorPolicy.LongestDelay))
        {
            throw new ArgumentException($"PublishOptions.Timeout is {timeout}. Give it a time of more than zero and up to {ErrorPolicy.LongestDelay.Days} days.", nameof(options));
        }

        if (options.Delay is { } asked && (asked < TimeSpan.Zero || asked > ErrorPolicy.LongestDelay))
        {
            throw new ArgumentException($"PublishOptions.Delay is {asked}. Give it a time of up to {ErrorPolicy.LongestDelay.Days} days.", nameof(options));
        }

        var exchange = options.Exchange ?? app.Exchange;
        if (IsTooLong(exchange))
        {
            throw new ArgumentException($"The exchange '{exchange[..40]}…' is longer than {LongestName} bytes.", nameof(options));
        }

        var (body, contentType) = EncodeBody(value, json, options.AsJson ?? app.PublishAllAsJson);
        if (body.Length > app.MaxMessageBytes)
        {
            throw new MessageTooLargeException(exchange, topic, $"its body has {body.Length} bytes, and MaxMessageBytes is {app.MaxMessageBytes}.");
        }

        var properties = MakeProperties(topic, value, contentType, options, app.TopicHeader, now);
        var delay = RetryQueue.Round(options.Delay ?? TimeSpan.Zero);
        if (delay != TimeSpan.Zero && IsTooLong(RetryQueue.NameOfDelayed(exchange, topic, delay)))
        {
            throw new ArgumentException($"The message waits for its Delay in a queue with the names of topic and exchange in its own, which is longer than {LongestName} bytes. Shorten them, or leave the Delay.", nameof(options));
        }

        return delay != TimeSpan.Zero && properties.IsExpirationPresent()
            ? throw new ArgumentException("A message has both a Delay and an Expiration, and the broker would end the delay at the expiration. Leave one of the two.", nameof(options))
            : new OutgoingMessage(exchange, topic, properties, body, delay);
    }

    private static bool IsTooLong(string name) => Encoding.UTF8.GetByteCount(name) > LongestName;

    /// <summary>A body, and what it is; null where it is a message's own and that does not say.</summary>
    public static (ReadOnlyMemory<byte> Body, string? ContentType) EncodeBody(object value, JsonBody json, bool asJson) => value switch
    {
        TopicMessage { ValueToWrite: null } message => (message.Body, asJson ? JsonBody.ContentType : null),
        TopicMessage message => EncodeBody(message.ValueToWrite!, json, asJson),
        string text => asJson ? (JsonBody.WriteText(text), JsonBody.ContentType) : (Encoding.UTF8.GetBytes(text), TextType),
        byte[] bytes => (bytes, asJson ? JsonBody.ContentType : BytesType),
        ReadOnlyMemory<byte> memory => (memory, asJson ? JsonBody.ContentType : BytesType),
        _ => (json.Write(value), JsonBody.ContentType),
    };

    /// <summary>The properties and headers.</summary>
    public static BasicProperties MakeProperties(string topic, object value, string? contentType, PublishOptions options, string topicHeader, DateTimeOffset now)
    {
        var message = value as TopicMessage;
        var own = message?.Properties ?? NoProperties;
        var isRewritten = message is { ValueToWrite: not null, Body.Length: > 0 }; // What it says of the body that it came with is not true of the new one.
        var given = options.Properties ?? NoProperties;
        var ownHeaders = !isRewritten ? message?.Headers ?? NoHeaders
            : new MessageHeaders(message!.Headers.Where(header => !header.Key.Equals(HeaderNames.ContentType, StringComparison.OrdinalIgnoreCase)
                && !header.Key.Equals("Content-Encoding", StringComparison.OrdinalIgnoreCase)));
        var givenHeaders = options.Headers ?? NoHeaders;
        var idHeader = Header(HeaderNames.MessageId);
        var properties = new MessageProperties
        {
            ContentType = (isRewritten ? null : own.ContentType) ?? given.ContentType ?? (Has(PublishDefaults.ContentType) ? contentType : null),
            ContentEncoding = (isRewritten ? null : own.ContentEncoding) ?? given.ContentEncoding,
            Persistent = own.Persistent ?? given.Persistent ?? (Has(PublishDefaults.Persistent) ? true : null),
            Priority = own.Priority ?? given.Priority,
            CorrelationId = own.CorrelationId ?? given.CorrelationId,
            ReplyTo = own.ReplyTo ?? given.ReplyTo,
            Expiration = own.Expiration ?? given.Expiration,
            MessageId = own.MessageId ?? given.MessageId ?? (Has(PublishDefaults.MessageId) ? idHeader ?? NewId(now) : null),
            Timestamp = own.Timestamp ?? given.Timestamp ?? (Has(PublishDefaults.Timestamp) ? now : null),
            Type = own.Type ?? given.Type,
            UserId = own.UserId ?? given.UserId,
            AppId = own.AppId ?? given.AppId,
            ClusterId = own.ClusterId ?? given.ClusterId,
        };

        var table = new Dictionary<string, object?>(4);
        Add(givenHeaders, except: ownHeaders);
        Add(ownHeaders, except: NoHeaders);

        if (givenHeaders.GetString(topicHeader) is null)
        {
            Set(PublishDefaults.TopicHeader, topicHeader, topic); // Of a message that is passed on, it is another's.
        }

        if (Header(HeaderNames.ContentType) is null)
        {
            Set(PublishDefaults.ContentTypeHeader, HeaderNames.ContentType, MediaType(properties.ContentType ?? contentType));
        }

        if (idHeader is not null || !Has(PublishDefaults.MicroIdHeaders) || !IsGiven(HeaderNames.MessageId))
        {
            Set(PublishDefaults.MicroIdHeaders, HeaderNames.MessageId, idHeader ?? properties.MessageId);
            if (Has(PublishDefaults.MicroIdHeaders) && (idHeader ?? properties.MessageId) is { } id)
            {
                table["Micro-ID"] = id; // Differs by case alone, and each version of go-micro looks for its own.
            }
        }

        return properties.Write(table.Count == 0 ? null : table);

        bool Has(PublishDefaults one) => options.Defaults.HasFlag(one);

        bool IsGiven(string name) => ownHeaders.ContainsKey(name) || givenHeaders.ContainsKey(name);

        void Add(MessageHeaders headers, MessageHeaders except)
        {
            foreach (var (name, header) in headers.Items)
            {
                if (!except.ContainsKey(name) && !KeptHeaders.IsOfOneDelivery(name))
                {
                    table[name] = HeaderTable.WriteValue(header);
                }
            }
        }

        string? Header(string name) => ownHeaders.ContainsKey(name) ? ownHeaders.GetString(name) : givenHeaders.GetString(name);

        void Set(PublishDefaults one, string name, string? text)
        {
            if (!Has(one) || text is null)
            {
                return;
            }

            if (IsGiven(name))
            {
                foreach (var other in table.Keys)
                {
                    if (string.Equals(other, name, StringComparison.OrdinalIgnoreCase))
                    {
                        table.Remove(other); // A dictionary may be removed from while it is enumerated.
                    }
                }
            }

            table[name] = text;
        }
    }

    /// <summary>A UUID version 7 (RFC 9562, 5.7). Its random bits need not be a secret: those of Guid cost a system call, a twentieth of a publish.</summary>
    private static string NewId(DateTimeOffset now)
    {
        Span<byte> id = stackalloc byte[16];
        Random.Shared.NextBytes(id);
        var milliseconds = now.ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteInt16BigEndian(id, (short)(milliseconds >> 32));
        BinaryPrimitives.WriteInt32BigEndian(id[2..], (int)milliseconds);
        id[6] = (byte)(0x70 | (id[6] & 0x0F));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        return new Guid(id, bigEndian: true).ToString();
    }

    /// <summary>go-micro takes nothing but the bare media type.</summary>
    private static string? MediaType(string? contentType) =>
        contentType?.IndexOf(';', StringComparison.Ordinal) is > 0 and var end ? contentType[..end].TrimEnd() : contentType;
}
