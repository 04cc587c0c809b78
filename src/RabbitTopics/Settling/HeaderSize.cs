using System.Collections;
using System.Text;
using RabbitMQ.Client;

namespace RabbitTopics.Settling;

/// <summary>Keeps the headers of a copy within one frame: all properties of a message travel in a single one (AMQP 0-9-1, 2.3.5.2)
/// and the broker closes a connection that sends a longer one. What we add may be too much for a message whose headers nearly
/// fill it.</summary>
internal static class HeaderSize
{
    /// <summary>What headers may take of a frame; the rest is for the other properties and for what the broker notes.</summary>
    /// <param name="frameMax">The longest frame that the broker takes, in bytes; 0 for no limit. RabbitMQ's default is 131 072.</param>
    public static int Limit(uint frameMax) => frameMax is 0 or >= 131_072 ? 118_000 : (int)(frameMax * 9 / 10);

    private const int KeptOfCutText = 256;

    /// <summary>Makes headers fit: leaves out ours that are only informative, the first named first, and then cuts the longest
    /// texts short and names them in <see cref="HeaderNames.CutHeaders"/>.</summary>
    public static void Fit(Dictionary<string, object?> headers, int limit, IReadOnlyList<string> informative)
    {
        var size = OfTable(headers);
        foreach (var name in informative.TakeWhile(_ => size > limit))
        {
            headers.Remove(name);
            size = OfTable(headers);
        }

        var cut = new List<object?>();
        foreach (var (name, value) in headers.OrderByDescending(header => OfValue(header.Value)).ToArray())
        {
            if (size <= limit)
            {
                break;
            }

            size -= OfValue(value) - KeptOfCutText;
            headers[name] = value switch
            {
                string text => text[..Math.Min(text.Length, KeptOfCutText / 4)],
                byte[] bytes => bytes[..Math.Min(bytes.Length, KeptOfCutText)],
                _ => null,
            };
            cut.Add(name);
            headers[HeaderNames.CutHeaders] = cut;
            size += name.Length * 4;
        }
    }

    private static int OfTable(IDictionary<string, object?> table) => table.Sum(entry => 1 + Encoding.UTF8.GetByteCount(entry.Key) + OfValue(entry.Value));

    /// <summary>At least the bytes that a value takes on the wire, its type included.</summary>
    private static int OfValue(object? value) => 5 + value switch
    {
        string text => Encoding.UTF8.GetByteCount(text),
        byte[] bytes => bytes.Length,
        BinaryTableValue binary => binary.Bytes.Length,
        IDictionary<string, object?> table => OfTable(table),
        IList list => list.Cast<object?>().Sum(OfValue),
        _ => 8,
    };
}
