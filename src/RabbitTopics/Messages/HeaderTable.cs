using System.Collections;
using RabbitMQ.Client;

namespace RabbitTopics.Messages;

/// <summary>Turns an AMQP header table, as the client library holds it, into <see cref="MessageHeaders"/> and back.</summary>
internal static class HeaderTable
{
    /// <summary>Reads a received table. AMQP long strings arrive as bytes: see
    /// <see cref="AmqpValue.LongString"/>.</summary>
    public static MessageHeaders Read(IDictionary<string, object?>? table)
    {
        var items = new KeyValuePair<string, object?>[(table?.Count ?? 0) + 1]; // One more for the topic.
        var count = 0;
        if (table is not null)
        {
            foreach (var (name, value) in table)
            {
                items[count++] = new(name, ReadValue(value));
            }
        }

        return new MessageHeaders(items, count);
    }

    /// <summary>What <see cref="MessageHeaders.GetString"/> gives of a received table that was not read.</summary>
    public static string? GetString(IDictionary<string, object?>? table, string name)
    {
        if (table is null)
        {
            return null;
        }

        if (!table.TryGetValue(name, out var value) && table is Dictionary<string, object?> headers) // The client's: enumerated, it takes no memory.
        {
            foreach (var (key, other) in headers)
            {
                if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
                {
                    value = other;
                    break;
                }
            }
        }

        return value is byte[] or string && ReadValue(value) is string { Length: > 0 } text ? text : null;
    }

    /// <summary>Writes headers for sending; null where there are none.</summary>
    public static Dictionary<string, object?>? Write(MessageHeaders headers) =>
        headers.Count == 0 ? null : headers.ToDictionary(header => header.Key, header => WriteValue(header.Value));

    private static object? ReadValue(object? value) => value switch
    {
        byte[] bytes => AmqpValue.LongString(bytes),
        BinaryTableValue binary => binary.Bytes,
        AmqpTimestamp timestamp => AmqpValue.Time(timestamp.UnixTime) is { } time ? time : timestamp.UnixTime,
        IDictionary<string, object?> table => Read(table),
        IList list => list.Cast<object?>().Select(ReadValue).ToList(),
        _ => value,
    };

    /// <summary>Writes one value.</summary>
    /// <exception cref="ArgumentException">AMQP has no such type.</exception>
    internal static object? WriteValue(object? value) => value switch
    {
        byte[] bytes => new BinaryTableValue(bytes),
        DateTimeOffset time => new AmqpTimestamp(time.ToUnixTimeSeconds()),
        MessageHeaders table => Write(table) ?? [],
        IList list => list.Cast<object?>().Select(WriteValue).ToList(),
        ushort number => (int)number, // The client of Microsoft's host closes its connection on the type.
        null or string or bool or sbyte or byte or short or int or uint or long or float or double or decimal => value,
        AmqpTimestamp or BinaryTableValue or IDictionary<string, object?> => value,
        _ => throw new ArgumentException($"A header cannot hold a {value.GetType()}: AMQP has no such type. See MessageHeaders for those it has."),
    };
}
