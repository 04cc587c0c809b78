namespace RabbitTopics.Messages;

/// <summary>Makes the envelope of a delivery, live or rebuilt: of a copy of ours as of the message that it is a copy of.</summary>
internal static class Envelope
{
    /// <param name="headers">The headers of the delivery.</param>
    /// <param name="properties">Its properties.</param>
    /// <param name="exchange">Its exchange.</param>
    /// <param name="routingKey">Its routing key.</param>
    /// <param name="redelivered">Whether the broker delivered it before.</param>
    /// <param name="body">The body as it was sent.</param>
    /// <param name="topicHeader">The name of the topic header.</param>
    public static TopicMessage Read(MessageHeaders headers, MessageProperties properties, string exchange, string routingKey,
        bool redelivered, ReadOnlyMemory<byte> body, string topicHeader)
    {
        var requeues = Count(headers, HeaderNames.MicrosoftRequeueCount);
        var attempt = 1 + Count(headers, HeaderNames.Attempts) + requeues;
        var firstTime = headers.GetValueOrDefault(HeaderNames.FirstTime) as DateTimeOffset?;

        // A copy comes by way of the default exchange. One that someone published to another again is a new message.
        if (exchange.Length == 0 && headers.GetValueOrDefault(HeaderNames.OriginalExchange) is string originalExchange)
        {
            exchange = originalExchange;
            routingKey = headers.GetString(HeaderNames.OriginalRoutingKey) ?? routingKey;
            properties = properties with
            {
                Expiration = properties.Expiration ?? AmqpValue.Expiration(headers.GetString(KeptHeaders.Expiration)),
                UserId = properties.UserId ?? headers.GetString(KeptHeaders.UserId),
            };
            headers = new MessageHeaders(KeptHeaders.Restore(headers));
        }

        var topic = TopicHeader.Resolve(headers, topicHeader, exchange, routingKey);
        return new TopicMessage
        {
            Topic = topic,
            Body = body,
            Headers = headers.GetString(topicHeader) is null ? headers.With(topicHeader, topic) : headers,
            Properties = properties,
            Exchange = exchange,
            RoutingKey = routingKey,
            Redelivered = redelivered,
            Attempt = attempt,
            FirstTime = firstTime,
            HostRequeues = requeues,
        };
    }

    private static int Count(MessageHeaders headers, string name) =>
        (int)Math.Min(AmqpValue.Count(headers.GetValueOrDefault(name)) ?? 0, int.MaxValue / 4);
}
