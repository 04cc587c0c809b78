namespace RabbitTopics.Messages;

/// <summary>What a broker acts on when a message is published: on a copy of a message it must not act again, so the copy carries
/// it under another name, from which it is restored when the copy is delivered.</summary>
internal static class KeptHeaders
{
    public const string Expiration = HeaderNames.KeptPrefix + "expiration";
    public const string UserId = HeaderNames.KeptPrefix + "user-id";

    /// <summary>What the broker notes when it dead-letters a message.</summary>
    private static readonly string[] OfDeath =
    [
        HeaderNames.Death, "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason",
        "x-last-death-exchange", "x-last-death-queue", "x-last-death-reason",
    ];

    /// <summary>CC routes to further queues (https://www.rabbitmq.com/docs/sender-selected); a death on record lets the broker take
    /// a further dead-lettering for a cycle and drop the message (https://www.rabbitmq.com/docs/dlx#cycles).</summary>
    private static readonly HashSet<string> Names = ["CC", "BCC", .. OfDeath];

    /// <summary>Headers that speak of one copy or one delivery: the next copy and the handler see none of them, and no message that is
    /// passed on has them.</summary>
    private static readonly HashSet<string> OfOneDelivery = new(StringComparer.Ordinal)
    {
        HeaderNames.Attempts, HeaderNames.TraceParent, HeaderNames.DeliveryCount, HeaderNames.AcquiredCount, HeaderNames.MicrosoftRequeueCount,
    };

    /// <summary>Headers of ours that a copy for another attempt has, and that the handler does not see.</summary>
    private static readonly HashSet<string> OfCopies = new(StringComparer.Ordinal)
    {
        HeaderNames.FirstTime, HeaderNames.OriginalExchange, HeaderNames.OriginalRoutingKey, Expiration, UserId,
    };

    /// <summary>Whether the broker noted a header when it dead-lettered the message.</summary>
    public static bool IsOfDeath(string name) => OfDeath.Contains(name);

    /// <summary>Whether a header speaks of one copy or one delivery, and is no part of the message.</summary>
    public static bool IsOfOneDelivery(string name) => OfOneDelivery.Contains(name);

    /// <summary>The headers of a copy, as they are published.</summary>
    public static Dictionary<string, object?> Keep(IDictionary<string, object?>? headers)
    {
        var kept = new Dictionary<string, object?>();
        var isCopy = headers?.ContainsKey(HeaderNames.OriginalExchange) == true;
        foreach (var (name, value) in headers ?? kept)
        {
            if (OfOneDelivery.Contains(name) || (isCopy && Names.Contains(name)))
            {
                continue; // What the broker noted about a copy of ours is no part of the message.
            }

            kept[Names.Contains(name) ? HeaderNames.KeptPrefix + name : name] = value;
        }

        return kept;
    }

    /// <summary>The headers as the message was published with, of one that is a copy of ours.</summary>
    public static MessageHeaders Restore(MessageHeaders headers)
    {
        var restored = new KeyValuePair<string, object?>[headers.Count + 1]; // One more for the topic.
        var count = 0;
        foreach (var (name, value) in headers)
        {
            if (name.StartsWith(HeaderNames.KeptPrefix, StringComparison.Ordinal) && Names.Contains(name[HeaderNames.KeptPrefix.Length..]))
            {
                restored[count++] = new(name[HeaderNames.KeptPrefix.Length..], value);
            }
            else if (!Names.Contains(name) && !OfOneDelivery.Contains(name) && !OfCopies.Contains(name))
            {
                restored[count++] = new(name, value);
            }
        }

        return new(restored, count);
    }
}
