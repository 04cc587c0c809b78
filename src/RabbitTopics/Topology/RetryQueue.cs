using System.Globalization;

namespace RabbitTopics.Topology;

/// <summary>The queue in which copies wait for their next attempt: one for each delay, durable, so that a long delay never
/// holds up a short one. The broker moves a copy back to its queue when its time is over.</summary>
internal static class RetryQueue
{
    private const string RetryPart = ".retry.";
    private const string DelayPart = ".delay.";

    /// <summary>The queue's name.</summary>
    public static string Name(string queue, TimeSpan delay) =>
        string.Create(CultureInfo.InvariantCulture, $"{queue}{RetryPart}{(long)delay.TotalMilliseconds}");

    /// <summary>The queue beside which a queue of that name is; null where the name is another queue's.</summary>
    public static string? ReadQueue(string name) =>
        name.LastIndexOf(RetryPart, StringComparison.Ordinal) is > 0 and var end && name.AsSpan(end + RetryPart.Length) is { Length: > 0 } delay && !delay.ContainsAnyExceptInRange('0', '9')
            ? name[..end]
            : null;

    /// <summary>The delay of a queue of that name.</summary>
    public static TimeSpan DelayOf(string queue, string retryQueue) => TimeSpan.FromMilliseconds(long.Parse(retryQueue.AsSpan(queue.Length + RetryPart.Length), CultureInfo.InvariantCulture));

    /// <summary>What it is declared with. A quorum queue, as only that hands a message on at least once: it keeps the message
    /// until the other queue has confirmed it, which needs the overflow to be refused
    /// (https://www.rabbitmq.com/docs/quorum-queues#dead-lettering; RabbitMQ 3.10).</summary>
    public static Dictionary<string, object?> Arguments(string queue, TimeSpan delay) => Arguments("", queue, delay);

    /// <summary>The name of the queue in which what is published with a delay waits.</summary>
    public static string NameOfDelayed(string exchange, string topic, TimeSpan delay) =>
        string.Create(CultureInfo.InvariantCulture, $"{topic}@{exchange}{DelayPart}{(long)delay.TotalMilliseconds}");

    /// <summary>Where a message goes that waits in a queue of that name, and after which time; null where the name is another queue's.</summary>
    public static (string Exchange, string Topic, TimeSpan Delay)? ReadDelayed(string queue) =>
        queue.LastIndexOf(DelayPart, StringComparison.Ordinal) is > 0 and var end && queue.LastIndexOf('@', end) is > 0 and var at
            && long.TryParse(queue.AsSpan(end + DelayPart.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? (queue[(at + 1)..end], queue[..at], TimeSpan.FromMilliseconds(milliseconds))
            : null;

    /// <summary>The same for a message that goes to any exchange when its time is over.</summary>
    public static Dictionary<string, object?> Arguments(string exchange, string routingKey, TimeSpan delay) => new()
    {
        ["x-queue-type"] = "quorum",
        ["x-message-ttl"] = (long)delay.TotalMilliseconds,
        ["x-dead-letter-exchange"] = exchange,
        ["x-dead-letter-routing-key"] = routingKey,
        ["x-dead-letter-strategy"] = "at-least-once",
        ["x-overflow"] = "reject-publish",
    };

    /// <summary>The next longer delay of two significant digits: a handler that names any delay must not make a queue for
    /// each millisecond. At most 10 % longer.</summary>
    public static TimeSpan Round(TimeSpan delay)
    {
        var step = 1L;
        var milliseconds = (long)Math.Ceiling(delay.TotalMilliseconds);
        while (milliseconds / step >= 100)
        {
            step *= 10;
        }

        return TimeSpan.FromMilliseconds((milliseconds + step - 1) / step * step);
    }
}
