namespace RabbitTopics.Messages;

/// <summary>Finds the topic of a message, whoever published it and however often it was redelivered.</summary>
internal static class TopicHeader
{
    /// <summary>The topic of a message.</summary>
    /// <param name="headers">The message's headers.</param>
    /// <param name="headerName">The name of the topic header.</param>
    /// <param name="exchange">The exchange of this delivery.</param>
    /// <param name="routingKey">The routing key of this delivery.</param>
    /// <returns>The topic header where it is not empty. Else the routing key, but for a message that came back by way of a
    /// queue (default exchange) and carries the broker's own record of where it was first: then the routing key of
    /// that record.</returns>
    public static string Resolve(MessageHeaders headers, string headerName, string exchange, string routingKey)
    {
        ArgumentNullException.ThrowIfNull(headers);
        if (headers.GetString(headerName) is { } topic)
        {
            return topic;
        }

        return exchange.Length == 0 && FirstRoutingKey(headers) is { } first ? first : routingKey;
    }

    private static string? FirstRoutingKey(MessageHeaders headers)
    {
        // The broker puts the newest dead-lettering first, so the last entry is the oldest.
        if (headers.TryGetValue(HeaderNames.Death, out var value) && value is IList<object?> { Count: > 0 } deaths
            && deaths[^1] is MessageHeaders oldest
            && oldest.GetString("exchange") is not null
            && oldest.TryGetValue("routing-keys", out var keys) && keys is IList<object?> { Count: > 0 } routingKeys)
        {
            return routingKeys[0] as string;
        }

        return null;
    }
}
