using RabbitMQ.Client;

namespace RabbitTopics.WebJobsTests;

/// <summary>Messages that no good publisher sends, at random.</summary>
internal sealed class HostileMessages(int seed)
{
    private static readonly string[] Names =
    [
        "traceparent", "Micro-Topic", "micro-topic", "Content-Type", "Content-Encoding", "x-death", "x-delivery-count", "x-ms-rabbitmq-requeuecount",
        "rt-attempts", "rt-first-time", "rt-original-exchange", "rt-original-routing-key", "rt-kept-CC", "rt-dead-letter-reason", "exchange", "RabbitTopics", "ü", "张三",
    ];

    private static readonly string?[] ContentTypes = [null, "application/json", "text/plain; charset=none", ";;", "\u0000"];
    private static readonly string?[] ContentEncodings = [null, null, "gzip", "what", "gzip,gzip"];

    private readonly Random _random = new(seed);

    /// <summary>The next one's properties and headers.</summary>
    public BasicProperties NextProperties() => new()
    {
        Headers = Table(depth: 0),
        ContentType = ContentTypes[_random.Next(ContentTypes.Length)],
        ContentEncoding = ContentEncodings[_random.Next(ContentEncodings.Length)],
        Priority = (byte)_random.Next(256),
        Timestamp = new AmqpTimestamp(_random.NextInt64()),
    };

    /// <summary>The next one's body: bytes, or a JSON object with the names of the binding data.</summary>
    public byte[] NextBody() => _random.Next(2) == 0 ? Bytes(300) : """{"exchange":"LSE","routingKey":"evil","basicProperties":"evil","RabbitTopics":"evil"}"""u8.ToArray();

    private Dictionary<string, object?> Table(int depth)
    {
        var table = new Dictionary<string, object?>();
        for (var left = _random.Next(6); left > 0; left--)
        {
            table[Names[_random.Next(Names.Length)]] = Value(depth);
        }

        return table;
    }

    private object? Value(int depth) => _random.Next(depth < 4 ? 19 : 17) switch
    {
        0 => null,
        1 => _random.Next(2) == 0,
        2 => _random.Next(),
        3 => _random.NextInt64(),
        4 => (short)_random.Next(short.MinValue, short.MaxValue),
        5 => (ushort)_random.Next(ushort.MaxValue),
        6 => (uint)_random.Next(),
        7 => (byte)_random.Next(256),
        8 => (sbyte)_random.Next(-128, 128),
        9 => _random.NextSingle(),
        10 => _random.NextDouble(), // The broker ends the connection on one that is no number.
        11 => _random.Next(1_000_000) / 100m,
        12 => new AmqpTimestamp(_random.NextInt64()),
        13 => new BinaryTableValue(Bytes(50)),
        14 => Bytes(50), // A text that is no UTF-8.
        15 => new string('x', _random.Next(5_000)),
        16 => "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        17 => Enumerable.Range(0, _random.Next(4)).Select(_ => Value(depth + 1)).ToList(),
        _ => Table(depth + 1),
    };

    private byte[] Bytes(int most)
    {
        var bytes = new byte[_random.Next(most)];
        _random.NextBytes(bytes);
        return bytes;
    }
}
