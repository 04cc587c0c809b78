using RabbitTopics.Connections;
using RabbitTopics.Startup;
using RabbitTopics.Topology;

namespace RabbitTopics.Functions.Catalog;

/// <summary>Converts the attributes of queues and bindings to AMQP arguments.</summary>
internal sealed class QueueArguments(SettingReferences settings)
{
    private static readonly string[] Types = ["classic", "quorum"];
    private static readonly string[] Overflows = ["drop-head", "reject-publish", "reject-publish-dlx"];

    /// <summary>The properties of a queue.</summary>
    /// <exception cref="FormatException">An option makes no sense; the message names it and says what to do.</exception>
    public QueueProperties Queue(string queue, QueueOptionsAttribute options)
    {
        Check(options);
        var arguments = Pairs(options.Arguments, "[QueueOptions(Arguments)]");
        Set("x-queue-type", options.Type);
        Set("x-max-priority", options.MaxPriorityOrUnset);
        Set("x-single-active-consumer", options.SingleActiveConsumer ? true : null);
        Set("x-max-length", options.MaxLengthOrUnset);
        Set("x-max-length-bytes", options.MaxLengthBytesOrUnset);
        Set("x-overflow", options.Overflow);
        Set("x-message-ttl", Milliseconds(options.MessageTtl, nameof(options.MessageTtl)));
        Set("x-expires", Milliseconds(options.Expires, nameof(options.Expires)));
        Set("x-dead-letter-exchange", options.DeadLetterExchange is { } exchange ? settings.Resolve(exchange) : null);
        Set("x-dead-letter-routing-key", options.DeadLetterRoutingKey is { } key ? settings.Resolve(key) : null);
        if (options.Type == "quorum" && !arguments.ContainsKey("x-dead-letter-exchange"))
        {
            // RabbitMQ 4 drops from a quorum queue what went back 20 times (https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling).
            arguments["x-dead-letter-exchange"] = "";
            arguments["x-dead-letter-routing-key"] = DeadLetterQueue.Name(queue);
        }

        return new QueueProperties { Durable = options.Durable, AutoDelete = options.AutoDelete, Exclusive = options.Exclusive, Arguments = arguments };

        void Set(string name, object? value)
        {
            if (value is not null && !arguments.TryAdd(name, value))
            {
                throw new FormatException($"[QueueOptions] gives '{name}' twice. Leave it out of Arguments.");
            }
        }
    }

    /// <summary>Names and values in turn, as a table.</summary>
    /// <exception cref="FormatException">They are not.</exception>
    public static Dictionary<string, object?> Pairs(object[] items, string place)
    {
        var pairs = new Dictionary<string, object?>();
        foreach (var pair in items.Chunk(2))
        {
            if (pair is not [string { Length: > 0 } name, { } value] || !pairs.TryAdd(name, value))
            {
                throw new FormatException($"{place} are not names and values in turn, each name once. Write them as [\"x-NAME\", \"text\", \"x-OTHER\", 2].");
            }
        }

        return pairs;
    }

    private static void Check(QueueOptionsAttribute options)
    {
        OneOf(options.Type, Types, nameof(options.Type));
        OneOf(options.Overflow, Overflows, nameof(options.Overflow));
        if (options.Type == "quorum" && (!options.Durable || options.Exclusive || options.AutoDelete || options.MaxPriorityOrUnset is not null))
        {
            throw new FormatException("[QueueOptions] asks for a quorum queue that is not durable, or is exclusive, auto-delete or has priorities. RabbitMQ has none such: "
                + "leave that out, or take a classic queue.");
        }

        if (options.MaxPriorityOrUnset is < 1 or > 255)
        {
            throw new FormatException($"[QueueOptions(MaxPriority)] is {options.MaxPriority}. Write 1 to 255.");
        }

        if (options.MaxLengthOrUnset < 1 || options.MaxLengthBytesOrUnset < 1)
        {
            throw new FormatException("[QueueOptions(MaxLength, MaxLengthBytes)] are at least 1. Leave them out for no limit.");
        }

        if ((options.MaxLengthOrUnset ?? options.MaxLengthBytesOrUnset) is not null && options.Overflow is null)
        {
            throw new FormatException("[QueueOptions] limits the queue and does not say what a full one does, and RabbitMQ would drop its oldest message. "
                + "Set Overflow to \"reject-publish\", or to \"drop-head\" if messages may be lost.");
        }
    }

    private static void OneOf(string? value, string[] known, string option)
    {
        if (value is not null && !known.Contains(value))
        {
            throw new FormatException($"[QueueOptions({option})] is '{value}'. Write one of: {string.Join(", ", known)}.");
        }
    }

    private long? Milliseconds(string? text, string option)
    {
        if (text is null)
        {
            return null;
        }

        var resolved = settings.Resolve(text);
        return TimeText.TryRead(resolved, out var time) && time > TimeSpan.Zero && time.TotalMilliseconds <= uint.MaxValue
            ? (long)time.TotalMilliseconds
            : throw new FormatException($"[QueueOptions({option})] is '{resolved}'. Write a time of at most 49 days, for example '00:10:00'.");
    }
}
