using RabbitMQ.Client;
using RabbitTopics.Connections;
using RabbitTopics.Messages;

namespace RabbitTopics.Settling;

/// <summary>Makes the properties and headers of a copy of a delivery: the message as it was sent, and beside it what we know of
/// it.</summary>
internal static class MessageCopy
{
    /// <summary>The longest text of ours in a header, in characters.</summary>
    private const int LongestText = 4096;

    /// <summary>A copy that counts this attempt, for another one.</summary>
    public static BasicProperties ForRetry(Delivery delivery, uint frameMax)
    {
        var (properties, headers) = Begin(delivery);
        headers[HeaderNames.Attempts] = delivery.Message.Attempt;
        HeaderSize.Fit(headers, HeaderSize.Limit(frameMax), []);
        return properties;
    }

    /// <summary>A copy to be parked.</summary>
    public static BasicProperties ForDeadLetter(Delivery delivery, SettleDecision decision, Exception? failure, DateTimeOffset now, uint frameMax)
    {
        var (properties, headers) = Begin(delivery);
        headers[HeaderNames.OriginalQueue] = delivery.Queue;
        headers[HeaderNames.Handler] = delivery.Handler;
        headers[HeaderNames.DeadLetterReason] = Bounded(decision.Reason!);
        headers[HeaderNames.DeadLetterAttempts] = delivery.Message.Attempt;
        headers[HeaderNames.DeadLetterTime] = new AmqpTimestamp(now.ToUnixTimeSeconds());
        Set(headers, HeaderNames.DeadLetterDescription, decision.Description ?? failure?.Message);
        Set(headers, HeaderNames.ExceptionType, RemoteException.TypeNameOf(failure));
        Set(headers, HeaderNames.ExceptionMessage, failure?.Message);
        Set(headers, HeaderNames.ExceptionStack, failure?.StackTrace);
        HeaderSize.Fit(headers, HeaderSize.Limit(frameMax), [HeaderNames.ExceptionStack, HeaderNames.ExceptionMessage, HeaderNames.DeadLetterDescription]);
        return properties;
    }

    private static (BasicProperties Properties, Dictionary<string, object?> Headers) Begin(Delivery delivery)
    {
        var raw = delivery.RawProperties;
        var message = delivery.Message;
        var headers = KeptHeaders.Keep(raw.Headers);
        foreach (var name in headers.Keys.Where(name => string.Equals(name, delivery.TopicHeader, StringComparison.OrdinalIgnoreCase)
            && headers[name] is null or "" or byte[] { Length: 0 }).ToArray())
        {
            headers.Remove(name); // An empty one in another casing would stand beside ours.
        }

        if (message.Headers.FirstOrDefault(header => string.Equals(header.Key, delivery.TopicHeader, StringComparison.OrdinalIgnoreCase)).Key is not { } stamped
            || !headers.ContainsKey(stamped))
        {
            headers[delivery.TopicHeader] = message.Topic;
        }

        headers[HeaderNames.OriginalExchange] = message.Exchange;
        headers[HeaderNames.OriginalRoutingKey] = message.RoutingKey;
        headers[HeaderNames.FirstTime] = new AmqpTimestamp((message.FirstTime ?? delivery.Time).ToUnixTimeSeconds());
        if (delivery.TraceParent is { } attempt)
        {
            headers[HeaderNames.TraceParent] = attempt;
        }

        if (raw.Expiration is { } expiration)
        {
            headers[KeptHeaders.Expiration] = expiration; // A copy waits as long as it takes.
        }

        if (raw.UserId is { } user)
        {
            headers[KeptHeaders.UserId] = user; // The broker refuses another user's name (https://www.rabbitmq.com/docs/validated-user-id).
        }

        return (new BasicProperties(raw)
        {
            DeliveryMode = DeliveryModes.Persistent,
            Expiration = null,
            UserId = null,
            Headers = headers,
        }, headers);
    }

    private static void Set(Dictionary<string, object?> headers, string name, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            headers[name] = Bounded(Secret.Hide(text));
        }
    }

    private static string Bounded(string text)
    {
        if (text.Length <= LongestText)
        {
            return text;
        }

        var end = char.IsHighSurrogate(text[LongestText - 1]) ? LongestText - 1 : LongestText;
        return text[..end];
    }
}
