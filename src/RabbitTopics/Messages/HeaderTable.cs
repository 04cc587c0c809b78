using System.Collections;
using System.Text;
using RabbitMQ.Client;

namespace RabbitTopics.Messages;

/// <summary>Turns an AMQP header table, as the client library holds it, into <see cref="MessageHeaders"/> and back.</summary>
internal static class HeaderTable
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Reads a received table. AMQP long strings arrive as bytes: they are strings where they are UTF-8 and
    /// stay bytes where they are not (AMQP 0-9-1, 4.2.5.3: a long string may hold any octets).</summary>
    public static MessageHeaders Read(IDictionary<string, object?>? table) =>
        table is null ? new MessageHeaders() : new MessageHeaders(table.Select(entry => KeyValuePair.Create(entry.Key, ReadValue(entry.Value))));

    /// <summary>Writes headers for sending; null where there are none.</summary>
    public static Dictionary<string, object?>? Write(MessageHeaders headers) =>
        headers.Count == 0 ? null : headers.ToDictionary(header => header.Key, header => WriteValue(header.Value));

    private static object? ReadValue(object? value) => value switch
    {
        byte[] bytes => ReadLongString(bytes),
        BinaryTableValue binary => binary.Bytes,
        AmqpTimestamp timestamp => Time(timestamp) is { } time ? time : timestamp.UnixTime,
        IDictionary<string, object?> table => Read(table),
        IList list => list.Cast<object?>().Select(ReadValue).ToList(),
        _ => value,
    };

    private static object? WriteValue(object? value) => value switch
    {
        byte[] bytes => new BinaryTableValue(bytes),
        DateTimeOffset time => new AmqpTimestamp(time.ToUnixTimeSeconds()),
        MessageHeaders table => Write(table) ?? [],
        IList list => list.Cast<object?>().Select(WriteValue).ToList(),
        _ => value,
    };

    private static object ReadLongString(byte[] bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return bytes;
        }
    }

    /// <summary>The time of an AMQP timestamp (seconds since 1970, AMQP 0-9-1, 4.2.5.4), or null where that is beyond what
    /// a date can hold.</summary>
    public static DateTimeOffset? Time(AmqpTimestamp timestamp) =>
        timestamp.UnixTime >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && timestamp.UnixTime <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(timestamp.UnixTime)
            : null;
}
