using System.Diagnostics;
using System.Globalization;
using System.Text;
using CsCheck;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Conformance;

/// <summary>Messages that no good publisher sends: whatever is in them, each ends handled or parked, and the consumer goes
/// on.</summary>
public sealed class FuzzTests(ConformanceRun run)
{
    private static readonly Gen<string> HeaderName = Gen.OneOf(
        Gen.String[1, 40].Where(name => name is not ("CC" or "BCC")), // Which the broker itself reads, and refuses of another type.
        Gen.OneOf(
            "traceparent", "Micro-Topic", "micro-topic", "Micro-ID", "Content-Type", "Content-Encoding", "x-death", "x-delivery-count", "x-ms-rabbitmq-requeuecount",
            "rt-attempts", "rt-first-time", "rt-original-exchange", "rt-original-routing-key", "rt-kept-CC", "rt-kept-expiration", "rt-dead-letter-reason"));

    private static readonly Gen<object?> Scalar = Gen.OneOf<object?>(
        Gen.String.Select(value => (object?)value), Gen.Int.Select(value => (object?)value), Gen.Long.Select(value => (object?)value),
        Gen.Bool.Select(value => (object?)value), Gen.Double.Select(value => (object?)value), Gen.Float.Select(value => (object?)value),
        Gen.Short.Select(value => (object?)value), Gen.SByte.Select(value => (object?)value), Gen.Byte.Select(value => (object?)value),
        Gen.UShort.Select(value => (object?)value), Gen.UInt.Select(value => (object?)value), Gen.Byte.Array[0, 200].Select(value => (object?)value),
        Gen.Byte.Array[0, 50].Select(value => (object?)new BinaryTableValue(value)), Gen.Long.Select(value => (object?)new AmqpTimestamp(value)),
        Gen.Int.Select(value => (object?)(value / 100m)), Gen.Const((object?)null));

    private static readonly Gen<object?> Value = Gen.Recursive<object?>((depth, inner) => depth >= 3
        ? Scalar
        : Gen.Frequency((6, Scalar), (1, inner.List[0, 4].Select(list => (object?)list)),
            (1, Gen.Select(HeaderName, inner).Array[0, 4].Select(pairs => (object?)Table(pairs)))));

    private static readonly Gen<byte[]> Body = Gen.Frequency(
        (6, Gen.Select(Gen.Int, Gen.String).Select((id, text) => System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { Id = id, Text = text }))),
        (1, Gen.Byte.Array[0, 300]),
        (1, Gen.String.Select(text => Encoding.UTF8.GetBytes($$"""{"Id":1,"Text":"{{text}}"""))),
        (1, Gen.OneOf("", "null", "[]", "0", "{}", "\uFEFF{}", """{"Id":"one"}""", """{"Id":1,"Id":2,"Text":null}""").Select(Encoding.UTF8.GetBytes)));

    private static readonly Gen<BasicProperties> Properties = Gen.Select(
        Gen.Select(HeaderName, Value).Array[0, 6],
        Gen.OneOf(null, null, null, "application/json", "text/plain", "application/json; charset=utf-8", ";;", "application/json; charset=none", "a/b", "\u0000"),
        Gen.OneOf(null, null, null, null, null, null, "gzip", "br", "deflate", "identity", "utf-8", "gzip,gzip", "what"),
        Gen.Frequency((9, Gen.Const(20)), (1, Gen.Int[1, 60_000])))
        .Select((headers, type, encoding, size) => new BasicProperties
        {
            Headers = Table([.. headers, ("padding", new string('x', size))]),
            ContentType = type,
            ContentEncoding = encoding,
        });

    public static TheoryData<string> Hostile => ["int traceparent", "nested tables", "64 KB value", "120 KB of headers", "invalid UTF-8", "no headers", "false attempts"];

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task A_message_with_hostile_headers_is_handled_and_so_is_its_like_with_a_bad_body_parked(string kind)
    {
        await using var channel = await run.OpenChannelAsync();
        foreach (var body in new[] { """{"Id":1,"Text":"hostile"}""", "no JSON" })
        {
            await channel.BasicPublishAsync("amq.topic", $"{run.Name}.mixed", mandatory: true,
                new BasicProperties { Headers = HostileHeaders(kind), MessageId = $"{kind} {body}" }, Encoding.UTF8.GetBytes(body));
        }

        await run.PublishAsync($"{run.Name}.mixed", $$"""{"Id":2,"Text":"after {{kind}}"}""");

        await run.SeenAsync("Mixed", $"2:after {kind}");
        if (kind != "int traceparent" || run.Has(HostCapabilities.AnyTraceParent))
        {
            await Wait.UntilAsync(() => run.SeenBy("Mixed").Any(seen => seen.Value == "1:hostile"), "the hostile message to be handled");
        }
    }

    [Fact]
    public async Task Of_ten_thousand_random_messages_each_is_handled_or_parked_and_the_consumer_goes_on()
    {
        const int count = 10_000;
        await using var connection = await Client.ConnectAsync(run.Broker);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var messages = Gen.Select(Properties, Body).Array[count].Single();
        if (!run.Has(HostCapabilities.UnsignedShortHeaders))
        {
            foreach (var (properties, _) in messages)
            {
                properties.Headers = (IDictionary<string, object?>?)WithoutUnsignedShorts(properties.Headers);
            }
        }

        if (!run.Has(HostCapabilities.AnyTraceParent))
        {
            foreach (var (properties, _) in messages)
            {
                properties.Headers!.Remove("traceparent");
            }
        }

        var clock = Stopwatch.StartNew();
        foreach (var chunk in messages.Index().Chunk(100))
        {
            await Task.WhenAll(chunk.Select(message =>
            {
                message.Item.Item1.MessageId = message.Index.ToString(CultureInfo.InvariantCulture);
                return channel.BasicPublishAsync("amq.topic", $"{run.Name}.fuzzed", mandatory: true, message.Item.Item1, message.Item.Item2).AsTask();
            }));
        }

        var parked = new HashSet<string>();
        await Wait.UntilAsync(async () =>
        {
            while (await channel.BasicGetAsync($"{run.Name}.fuzzed.dead", autoAck: true) is { } message)
            {
                parked.Add(message.BasicProperties.MessageId!);
            }

            return Handled().Count + parked.Count >= count;
        }, "all random messages to end", TimeSpan.FromMinutes(5));

        TestContext.Current.TestOutputHelper?.WriteLine($"{Handled().Count} handled, {parked.Count} parked, {count} published, in {clock.Elapsed.TotalSeconds:0} s.");
        Assert.Equal(Enumerable.Range(0, count), Handled().Concat(parked).Select(id => int.Parse(id, CultureInfo.InvariantCulture)).Order());
        Assert.True(Handled().Count > count / 20);
        Assert.True(parked.Count > count / 20);
        Assert.Equal(1u, await channel.ConsumerCountAsync($"{run.Name}.fuzzed"));

        HashSet<string> Handled() => [.. run.SeenBy("Fuzzed").Select(seen => seen.Value)];
    }

    private static Dictionary<string, object?> Table(IEnumerable<(string Name, object? Value)> pairs)
    {
        var table = new Dictionary<string, object?>();
        foreach (var (name, value) in pairs)
        {
            table[name.Length <= 60 ? name : name[..60]] = value; // A name is a short string: 255 bytes.
        }

        return table;
    }

    private static object? WithoutUnsignedShorts(object? value) => value switch
    {
        ushort number => (int)number,
        IDictionary<string, object?> table => table.ToDictionary(entry => entry.Key, entry => WithoutUnsignedShorts(entry.Value)),
        List<object?> list => list.ConvertAll(WithoutUnsignedShorts),
        _ => value,
    };

    private static Dictionary<string, object?>? HostileHeaders(string kind) => kind switch
    {
        "int traceparent" => new() { ["traceparent"] = 7, ["tracestate"] = new List<object?> { 1, "a" } },
        "nested tables" => new()
        {
            ["deep"] = Enumerable.Range(0, 50).Aggregate((object?)"bottom", (inner, _) => new Dictionary<string, object?> { ["down"] = inner, ["list"] = new List<object?> { inner is string } }),
        },
        "64 KB value" => new() { ["large"] = new string('x', 65_536), ["Micro-Topic"] = new byte[65_536 / 2] },
        "120 KB of headers" => new() { ["large"] = new string('ü', 60_000) },
        "invalid UTF-8" => new() { ["bad"] = new byte[] { 0xFF, 0xFE, 0xC0 }, ["Micro-Topic"] = new byte[] { 0xFF }, ["Content-Type"] = new byte[] { 0x80 } },
        "false attempts" => new()
        {
            ["rt-attempts"] = -5,
            ["x-ms-rabbitmq-requeuecount"] = "many",
            ["rt-original-exchange"] = 3,
            ["rt-first-time"] = "once",
            ["x-death"] = "never",
            ["x-delivery-count"] = "x",
        },
        _ => null,
    };
}
