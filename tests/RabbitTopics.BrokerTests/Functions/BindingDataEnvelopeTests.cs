using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using RabbitMQ.Client;
using RabbitTopics.Functions.FunctionsHost;
using RabbitTopics.Messages;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Functions;

/// <summary>The envelope on Microsoft's host against that of the same message where the app hosts itself: each captured delivery is
/// published as it was sent, and read live. On a broker of its own: the samples name their queues.</summary>
public sealed class BindingDataEnvelopeTests(BindingDataEnvelopeTests.OwnBroker own) : IClassFixture<BindingDataEnvelopeTests.OwnBroker>
{
    private const string Queue = "samples.q";

    private static readonly JsonArray Samples = LoadSamples();

    public static TheoryData<string> Names => [.. Samples.Select(sample => (string)sample!["name"]!)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_captured_delivery_gives_the_envelope_of_a_live_one(string name)
    {
        var sample = Samples.Single(sample => (string)sample!["name"]! == name)!;
        var data = sample["bindingData"]!.AsObject().ToDictionary(entry => entry.Key, object? (entry) => (string?)entry.Value);
        var captured = BindingDataMessage.Read(data, HeaderNames.Topic)!;

        var live = await DeliverAsync(sample["sent"]!, captured, isRepublished: name.Contains("delivery", StringComparison.Ordinal) && !name.EndsWith('1'));

        Assert.Equal(Text(live), Text(captured));
        Assert.Equal(Body(sample["sent"]!).Length, (int)JsonNode.Parse((string)data["Body"]!)!["Length"]!);
    }

    [Fact]
    public async Task Random_headers_give_the_envelope_of_a_live_delivery()
    {
        var deliveries = new List<BasicGetResult>();
        foreach (var headers in Table.Array[500].Single())
        {
            await own.Channel.BasicPublishAsync("", Queue, mandatory: true, new BasicProperties { Headers = headers }, ReadOnlyMemory<byte>.Empty);
        }

        while (deliveries.Count < 500)
        {
            deliveries.Add(await own.Channel.TakeAsync(Queue));
        }

        foreach (var delivery in deliveries)
        {
            // Written as the host writes them; what that looks like is known from the samples.
            var written = new JsonObject { ["Headers"] = Write(delivery.BasicProperties.Headers), ["DeliveryMode"] = 0, ["Priority"] = 0, ["Timestamp"] = new JsonObject { ["UnixTime"] = 0 } };
            var data = new Dictionary<string, object?> { ["Exchange"] = "", ["RoutingKey"] = Queue, ["Redelivered"] = "false", ["BasicProperties"] = written.ToJsonString() };

            Assert.Equal(Text(Live(delivery)), Text(BindingDataMessage.Read(data, HeaderNames.Topic)!));
        }
    }

    /// <summary>Publishes a message as a sample was sent, and reads it as our consumer does.</summary>
    private async Task<TopicMessage> DeliverAsync(JsonNode sent, TopicMessage captured, bool isRepublished)
    {
        var headers = (sent["headers"] as JsonObject)?.ToDictionary(header => header.Key, header => Sent((string)header.Value!));
        var (exchange, routingKey) = ((string)sent["exchange"]!, (string)sent["routingKey"]!);
        if (isRepublished)
        {
            (exchange, routingKey) = ("", Queue); // By the host, with its count.
            headers!["x-ms-rabbitmq-requeuecount"] = captured.HostRequeues;
        }

        var properties = captured.Properties.Write(new MessageHeaders());
        properties.Headers = headers;
        properties.UserId = captured.Properties.UserId is null ? null : own.User; // The broker lets nobody claim to be another.
        await own.Channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, Body(sent));
        var live = Live(await own.Channel.TakeAsync(Queue));
        return captured.Properties.UserId is null ? live : Copy(live, live.Properties with { UserId = captured.Properties.UserId });
    }

    private static TopicMessage Live(BasicGetResult delivery) => Messages.Envelope.Read(HeaderTable.Read(delivery.BasicProperties.Headers),
        MessageProperties.Read(delivery.BasicProperties), delivery.Exchange, delivery.RoutingKey, delivery.Redelivered, delivery.Body.ToArray(), HeaderNames.Topic);

    private static TopicMessage Copy(TopicMessage message, MessageProperties properties) => new()
    {
        Topic = message.Topic,
        Headers = message.Headers,
        Properties = properties,
        Exchange = message.Exchange,
        RoutingKey = message.RoutingKey,
    };

    private static ReadOnlyMemory<byte> Body(JsonNode sent) =>
        sent["bodyBase64"] is { } base64 ? Convert.FromBase64String((string)base64!) : Encoding.UTF8.GetBytes((string)sent["body"]!);

    /// <summary>A header value as the samples write it down: the letter of its AMQP type, and the value.</summary>
    private static object? Sent(string text)
    {
        var value = text.Length > 2 ? text[2..] : "";
        return text[0] switch
        {
            'S' when value == "(empty)" => "",
            'S' when value.StartsWith("bytes ", StringComparison.Ordinal) => Convert.FromHexString(value[6..].Replace(" ", "", StringComparison.Ordinal)),
            'S' => value,
            't' => bool.Parse(value),
            'b' => sbyte.Parse(value, CultureInfo.InvariantCulture),
            'B' => byte.Parse(value, CultureInfo.InvariantCulture),
            's' => short.Parse(value, CultureInfo.InvariantCulture),
            'I' => int.Parse(value, CultureInfo.InvariantCulture),
            'l' => long.Parse(value, CultureInfo.InvariantCulture),
            'f' => float.Parse(value, CultureInfo.InvariantCulture),
            'd' => double.Parse(value, CultureInfo.InvariantCulture),
            'D' => decimal.Parse(value, CultureInfo.InvariantCulture),
            'T' => new AmqpTimestamp(long.Parse(value, CultureInfo.InvariantCulture)),
            'V' => null,
            'F' => Fields(value),
            'A' => Items(value).Select(Sent).ToList(),
            var other => throw new FormatException($"The samples have a new type of header: {other}."),
        };
    }

    private static Dictionary<string, object?> Fields(string text) => Items(text).Select(item => item.Split(": ", 2)).ToDictionary(item => item[0], item => Sent(item[1]));

    /// <summary>What is between the brackets, up to a table within a list.</summary>
    private static IEnumerable<string> Items(string text)
    {
        var (start, depth) = (1, 0);
        for (var index = 1; index < text.Length; index++)
        {
            depth += text[index] is '{' or '[' ? 1 : text[index] is '}' or ']' ? -1 : 0;
            if ((text[index] == ',' && depth == 0) || depth < 0)
            {
                yield return text[start..index].Trim();
                start = index + 1;
            }
        }
    }

    private static readonly Gen<object?> Scalar = Gen.OneOf<object?>(
        Gen.String.Select(value => (object?)value), Gen.Int.Select(value => (object?)value), Gen.Long.Select(value => (object?)value),
        Gen.Bool.Select(value => (object?)value), Gen.Short.Select(value => (object?)value), Gen.SByte.Select(value => (object?)value), Gen.Byte.Select(value => (object?)value),
        Gen.Double[-1e6, 1e6].Select(value => (object?)value), Gen.Float[-1e6f, 1e6f].Select(value => (object?)value), Gen.Byte.Array[0, 60].Select(value => (object?)value),
        Gen.Long[-100_000_000_000, 300_000_000_000].Select(value => (object?)new AmqpTimestamp(value)), Gen.Int.Select(value => (object?)(value / 100m)), Gen.Const((object?)null));

    private static readonly Gen<string> Name = Gen.OneOf(Gen.String[1, 40].Where(name => name is not ("CC" or "BCC")),
        Gen.OneOf("Micro-Topic", "micro-topic", "x-ms-rabbitmq-requeuecount", "rt-attempts", "rt-original-exchange", "rt-kept-CC", "rt-first-time"));

    private static readonly Gen<object?> Value = Gen.Recursive<object?>((depth, inner) => depth >= 3
        ? Scalar
        : Gen.Frequency((6, Scalar), (1, inner.List[0, 4].Select(list => (object?)list)), (1, Pairs(inner).Select(table => (object?)table))));

    private static readonly Gen<Dictionary<string, object?>> Table = Pairs(Value);

    private static Gen<Dictionary<string, object?>> Pairs(Gen<object?> value) => Gen.Select(Name, value).Array[0, 6].Select(pairs =>
    {
        var table = new Dictionary<string, object?>();
        foreach (var (name, item) in pairs)
        {
            table[name.Length <= 60 ? name : name[..60]] = item;
        }

        return table;
    });

    /// <summary>Writes a delivered value as the host does.</summary>
    private static JsonNode? Write(object? value) => value switch
    {
        null => null,
        byte[] bytes => Convert.ToBase64String(bytes),
        AmqpTimestamp time => new JsonObject { ["UnixTime"] = time.UnixTime },
        IDictionary<string, object?> table => new JsonObject(table.Select(entry => KeyValuePair.Create(entry.Key, Write(entry.Value)))),
        IList list => new JsonArray([.. list.Cast<object?>().Select(Write)]),
        bool flag => flag,
        float or double or decimal => JsonNode.Parse(WithPoint(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture))),
        _ => Convert.ToInt64(value, CultureInfo.InvariantCulture),
    };

    /// <summary>1.0 is no integer.</summary>
    private static string WithPoint(string number) => number.AsSpan().ContainsAny('.', 'E') ? number : $"{number}.0";

    /// <summary>All of an envelope but the body, as text; JSON knows one type of number.</summary>
    private static string Text(TopicMessage message)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"topic {message.Topic}; exchange {message.Exchange}; routing key {message.RoutingKey}; {message.Redelivered}; attempt {message.Attempt}\n{message.Properties}\n");
        Append(text, message.Headers);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value)
    {
        switch (value)
        {
            case MessageHeaders table:
                // The samples are of a broker that did not yet note the last death.
                foreach (var (name, item) in table.Where(entry => !entry.Key.StartsWith("x-last-death-", StringComparison.Ordinal)).OrderBy(entry => entry.Key, StringComparer.Ordinal))
                {
                    text.Append(CultureInfo.InvariantCulture, $"{name}: ");
                    Append(text, name == "time" && item is DateTimeOffset ? "a time" : item); // In x-death: when the broker moved it.
                }

                text.AppendLine(".");
                break;
            case IList list and not byte[]:
                foreach (var item in list)
                {
                    text.Append("- ");
                    Append(text, item);
                }

                text.AppendLine(".");
                break;
            case byte[] bytes:
                text.AppendLine(Convert.ToHexString(bytes));
                break;
            case float or double or decimal when Convert.ToDouble(value, CultureInfo.InvariantCulture) is var number && double.IsInteger(number):
                text.AppendLine(CultureInfo.InvariantCulture, $"number {(long)number}");
                break;
            case float or double or decimal:
                text.AppendLine(Convert.ToSingle(value, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture));
                break;
            case DateTimeOffset time:
                text.AppendLine(time.ToString("O", CultureInfo.InvariantCulture));
                break;
            default:
                text.AppendLine(value is null ? "null" : $"{(value is string ? "text" : value is bool ? "flag" : "number")} {Convert.ToString(value, CultureInfo.InvariantCulture)}");
                break;
        }
    }

    private static JsonArray LoadSamples()
    {
        using var stream = typeof(BindingDataEnvelopeTests).Assembly.GetManifestResourceStream("azure-binding-samples.json")!;
        return JsonNode.Parse(stream)!["samples"]!.AsArray();
    }

    /// <summary>A broker with the samples' queues.</summary>
    public sealed class OwnBroker : IAsyncLifetime
    {
        private PrivateBroker _broker = null!;
        private IConnection _connection = null!;

        public IChannel Channel { get; private set; } = null!;

        public string User => _broker.Uri.UserInfo.Split(':')[0];

        public async ValueTask InitializeAsync()
        {
            _broker = await PrivateBroker.StartNewAsync();
            _connection = await _broker.ConnectAsync();
            Channel = await _connection.CreateChannelAsync();
            await Channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false);
            await Channel.QueueBindAsync(Queue, "amq.topic", "samples.#");
            await Channel.QueueBindAsync(Queue, "amq.headers", "", new Dictionary<string, object?> { ["kind"] = "h" });
            await Channel.QueueDeclareAsync("samples.delay", durable: true, exclusive: false, autoDelete: false,
                new Dictionary<string, object?> { ["x-message-ttl"] = 300L, ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = Queue });
        }

        public async ValueTask DisposeAsync()
        {
            await Channel.DisposeAsync();
            await _connection.DisposeAsync();
            await _broker.DisposeAsync();
        }
    }
}
