using RabbitMQ.Client;

namespace RabbitTopics.Messages;

/// <summary>Makes the envelope of a delivery, live or rebuilt: of a copy of ours as of the message that it is a copy of.</summary>
internal static class Envelope
{
    /// <param name="headers">The headers of the delivery, read for this message: they get the topic.</param>
    /// <param name="properties">Its properties.</param>
    /// <param name="exchange">Its exchange.</param>
    /// <param name="routingKey">Its routing key.</param>
    /// <param name="redelivered">Whether the broker delivered it before.</param>
    /// <param name="body">The body as it was sent.</param>
    /// <param name="topicHeader">The name of the topic header.</param>
    public static TopicMessage Read(MessageHeaders headers, MessageProperties properties, string exchange, string routingKey,
        bool redelivered, ReadOnlyMemory<byte> body, string topicHeader) =>
        Read(headers, properties, null, exchange, routingKey, redelivered, body, topicHeader);

    /// <summary>The same, with the properties as they are delivered; most are never looked at.</summary>
    public static TopicMessage Read(MessageHeaders headers, IReadOnlyBasicProperties properties, string exchange, string routingKey,
        bool redelivered, ReadOnlyMemory<byte> body, string topicHeader) =>
        Read(headers, null, properties, exchange, routingKey, redelivered, body, topicHeader);

    private static TopicMessage Read(MessageHeaders headers, MessageProperties? properties, IReadOnlyBasicProperties? delivered, string exchange,
        string routingKey, bool redelivered, ReadOnlyMemory<byte> body, string topicHeader)
    {
        var requeues = Count(headers.GetValueOrDefault(HeaderNames.MicrosoftRequeueCount));
        var attempt = 1 + Count(headers.GetValueOrDefault(HeaderNames.Attempts)) + requeues;
        string? previousTrace = null;
        var firstTime = headers.GetValueOrDefault(HeaderNames.FirstTime) as DateTimeOffset?;

        // A copy comes by way of the default exchange. One that someone published to another again is a new message.
        if (exchange.Length == 0 && headers.GetValueOrDefault(HeaderNames.OriginalExchange) is string originalExchange)
        {
            exchange = originalExchange;
            routingKey = headers.GetString(HeaderNames.OriginalRoutingKey) ?? routingKey;
            properties ??= MessageProperties.Read(delivered!);
            properties = properties with
            {
                Expiration = properties.Expiration ?? AmqpValue.Expiration(headers.GetString(KeptHeaders.Expiration)),
                UserId = properties.UserId ?? headers.GetString(KeptHeaders.UserId),
            };
            previousTrace = headers.GetString(HeaderNames.TraceParent);
            headers = KeptHeaders.Restore(headers);
        }

        var topic = TopicHeader.Resolve(headers, topicHeader, exchange, routingKey);
        if (headers.GetString(topicHeader) is null)
        {
            headers.Set(topicHeader, topic);
        }

        return new TopicMessage
        {
            Topic = topic,
            Body = body,
            Headers = headers,
            Properties = properties!, // Null stands for those delivered.
            DeliveredProperties = properties is null ? delivered : null,
            Exchange = exchange,
            RoutingKey = routingKey,
            Redelivered = redelivered,
            Attempt = attempt,
            FirstTime = firstTime,
            HostRequeues = requeues,
            PreviousTrace = previousTrace,
        };
    }

    /// <summary>Which attempt a delivery is, from 1, by its headers as they came.</summary>
    public static int AttemptOf(IDictionary<string, object?>? headers)
    {
        return 1 + CountOf(HeaderNames.Attempts) + CountOf(HeaderNames.MicrosoftRequeueCount);

        int CountOf(string name) => headers is not null && headers.TryGetValue(name, out var value) ? Count(value) : 0;
    }

    /// <summary>The topic of a delivery by its headers as they came: what <see cref="Read(MessageHeaders, IReadOnlyBasicProperties, string, string, bool, ReadOnlyMemory{byte}, string)"/>
    /// would find. The headers are converted only where the topic is not the header's or the routing key.</summary>
    public static string TopicOf(IDictionary<string, object?>? headers, string exchange, string routingKey, string topicHeader) =>
        HeaderTable.GetString(headers, topicHeader)
            ?? (exchange.Length > 0 || headers is null || !(headers.ContainsKey(HeaderNames.OriginalExchange) || headers.ContainsKey(HeaderNames.Death)) ? routingKey
                : HeaderTable.GetString(headers, HeaderNames.OriginalRoutingKey) ?? TopicHeader.Resolve(HeaderTable.Read(headers), topicHeader, exchange, routingKey));

    private static int Count(object? value) => (int)Math.Min(AmqpValue.Count(value) ?? 0, int.MaxValue / 4);
}
