using RabbitMQ.Client;
using RabbitTopics.Messages;

namespace RabbitTopics.DeadLetters;

/// <summary>Reads a message of a dead-letter queue, and makes what is published of it.</summary>
internal static class ParkedMessage
{
    /// <summary>What was noted when it was parked.</summary>
    private static readonly HashSet<string> Notes = new(StringComparer.Ordinal)
    {
        HeaderNames.DeadLetterReason, HeaderNames.DeadLetterDescription, HeaderNames.DeadLetterAttempts, HeaderNames.DeadLetterTime,
        HeaderNames.ExceptionType, HeaderNames.ExceptionMessage, HeaderNames.ExceptionStack, HeaderNames.OriginalQueue, HeaderNames.Handler,
    };

    public static DeadLetter Read(string queue, BasicGetResult got, string topicHeader)
    {
        var source = new DeliverySource(queue, "", topicHeader, static _ => throw new NotSupportedException());
        var delivery = new Delivery(source, got.Redelivered, got.Exchange, got.RoutingKey, got.BasicProperties, PooledBody.Copy(got.Body));
        var message = delivery.Message;
        var headers = got.BasicProperties.Headers;
        var death = (message.Headers.GetValueOrDefault(HeaderNames.Death) as IList<object?>)?.FirstOrDefault() as MessageHeaders;
        return new DeadLetter
        {
            Queue = queue,
            Message = message,
            Origin = delivery.Obstacle is not null ? null
                : headers?.ContainsKey(HeaderNames.OriginalExchange) == true ? (message.Exchange, message.RoutingKey)
                : death?.GetValueOrDefault("exchange") is string exchange && (death.GetValueOrDefault("routing-keys") as IList<object?>)?.FirstOrDefault() is string routingKey ? (exchange, routingKey)
                : null,
            Reason = Text(HeaderNames.DeadLetterReason) ?? death?.GetString("reason"),
            Description = Text(HeaderNames.DeadLetterDescription),
            Attempts = headers?.TryGetValue(HeaderNames.DeadLetterAttempts, out var attempts) == true ? AmqpValue.Count(attempts) ?? 0 : 0,
            Time = message.Headers.GetValueOrDefault(HeaderNames.DeadLetterTime) as DateTimeOffset? ?? death?.GetValueOrDefault("time") as DateTimeOffset?,
            OriginalQueue = Text(HeaderNames.OriginalQueue) ?? death?.GetString("queue"),
            Handler = Text(HeaderNames.Handler),
            ExceptionType = Text(HeaderNames.ExceptionType),
            ExceptionMessage = Text(HeaderNames.ExceptionMessage),
            ExceptionStack = Text(HeaderNames.ExceptionStack),
        };

        string? Text(string name) => HeaderTable.GetString(headers, name);
    }

    /// <summary>The queue that it is from.</summary>
    /// <exception cref="InvalidOperationException">It does not say.</exception>
    public static string QueueOf(DeadLetter letter) => letter.OriginalQueue
        ?? throw new InvalidOperationException($"A message of queue '{letter.Queue}' with topic '{letter.Message.Topic}' and id '{letter.Message.Id}' does not say from which queue it is. Name one with MoveTo, or take ReplayToExchange.");

    /// <summary>The exchange and routing key that it was published with.</summary>
    /// <exception cref="InvalidOperationException">It does not say.</exception>
    public static (string Exchange, string RoutingKey) OriginOf(DeadLetter letter) => letter.Origin
        ?? throw new InvalidOperationException($"A message of queue '{letter.Queue}' with topic '{letter.Message.Topic}' and id '{letter.Message.Id}' does not say to which exchange it was published. Take Replay or MoveTo.");

    /// <summary>Whether a quorum queue counts that it was returned before.</summary>
    public static bool WasReturned(BasicGetResult got) =>
        got.BasicProperties.Headers is { } headers && headers.TryGetValue(HeaderNames.DeliveryCount, out var count) && AmqpValue.Count(count) > 0;

    /// <summary>It as it is. It comes by the default exchange then, so it says by which it came, unless it or the broker does.</summary>
    public static BasicProperties Copy(BasicGetResult got)
    {
        var copy = With(got, except: []);
        if (got.Exchange.Length > 0 && copy.Headers?.ContainsKey(HeaderNames.OriginalExchange) != true && copy.Headers?.ContainsKey(HeaderNames.Death) != true)
        {
            copy.Headers = new Dictionary<string, object?>(copy.Headers ?? new Dictionary<string, object?>())
            {
                [HeaderNames.OriginalExchange] = got.Exchange,
                [HeaderNames.OriginalRoutingKey] = got.RoutingKey,
            };
        }

        return copy;
    }

    /// <summary>It for the queue that it is from: still as a copy of ours, of which a handler sees what was published.</summary>
    public static BasicProperties ForItsQueue(BasicGetResult got) => With(got, Notes);

    /// <summary>It as it was published, for its exchange. Not with its user id: the broker refuses another user's.</summary>
    public static BasicProperties AsPublished(TopicMessage message) => (message.Properties with { UserId = null })
        .Write(new MessageHeaders(message.Headers.Where(header => !Notes.Contains(header.Key) && !KeptHeaders.IsOfDeath(header.Key))));

    private static BasicProperties With(BasicGetResult got, HashSet<string> except) => new(got.BasicProperties)
    {
        DeliveryMode = DeliveryModes.Persistent,
        UserId = null, // The broker refuses another user's.
        Headers = got.BasicProperties.Headers?.Where(header => IsCopied(header.Key) && !except.Contains(header.Key)).ToDictionary(header => header.Key, header => header.Value),
    };

    /// <summary>Whether the next one has a header, too: not what would route it to further queues, and of what speaks of one delivery only the span, for the next to be
    /// linked to.</summary>
    private static bool IsCopied(string name) => name is not ("CC" or "BCC") && (!KeptHeaders.IsOfOneDelivery(name) || name == HeaderNames.TraceParent);
}
