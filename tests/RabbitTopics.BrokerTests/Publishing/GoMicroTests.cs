using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Publishing;

/// <summary>What we publish, by the rules of go-micro's subscribers (v4 and v5: headers as AMQP strings, a bare Content-Type, Micro-Topic equal to the subscribed topic), read back with the plain client.</summary>
public sealed class GoMicroTests(SharedBroker broker)
{
    [Theory]
    [InlineData("v4", "Micro-Id")]
    [InlineData("v6", "Micro-ID")]
    public async Task A_message_of_ours_is_dispatched_by_a_go_micro_subscriber(string version, string idHeader)
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Channel.QueueBindAsync(library.Queue, "amq.topic", library.Queue);

        await library.Get<ITopicPublisher>().PublishAsync(library.Queue, new { Id = 5, Name = "张三 <&>" });

        var delivery = await library.Channel.TakeAsync(library.Queue);
        var headers = ReadAsGoMicro(delivery);
        Assert.Equal(library.Queue, Dispatched(headers, subscribed: library.Queue));
        Assert.True(Guid.TryParse(headers[idHeader], out _), version);
        using var body = JsonDocument.Parse(delivery.Body);
        Assert.Equal((5, "张三 <&>"), (body.RootElement.GetProperty("Id").GetInt32(), body.RootElement.GetProperty("Name").GetString()));
    }

    [Theory]
    [InlineData("张三 \"x\"", "\"张三 \\\"x\\\"\"")]
    [InlineData(new byte[] { (byte)'7' }, "7")]
    public async Task Text_and_bytes_are_dispatched_too_where_the_app_publishes_all_as_JSON(object value, string json)
    {
        await using var library = await Library.OnAsync(broker.Uri, options => options.PublishAllAsJson = true);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Channel.QueueBindAsync(library.Queue, "amq.topic", library.Queue);

        await library.Get<ITopicPublisher>().PublishAsync(library.Queue, value);
        await library.Get<ITopicPublisher>().PublishAsync(library.Queue, value, new PublishOptions { AsJson = false });

        var delivery = await library.Channel.TakeAsync(library.Queue);
        Assert.Equal(library.Queue, Dispatched(ReadAsGoMicro(delivery), subscribed: library.Queue));
        Assert.Equal(("application/json", json), (delivery.BasicProperties.ContentType, Encoding.UTF8.GetString(delivery.Body.Span)));
        Assert.Null(Dispatched(ReadAsGoMicro(await library.Channel.TakeAsync(library.Queue)), subscribed: library.Queue));
    }

    [Fact]
    public async Task A_copy_for_another_attempt_is_dispatched_by_a_go_micro_subscriber_of_the_queue()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Channel.QueueBindAsync(library.Queue, "amq.topic", "orders." + library.Queue);
        await using var consumer = library.Consumer(library.Consuming() with { Topology = null, HandlerOptions = new() { OnError = new ErrorPolicy { Delays = [TimeSpan.FromMinutes(1)] } } },
            (_, _) => throw new InvalidOperationException("It fails."));
        consumer.Start();

        await library.Channel.BasicPublishAsync("amq.topic", "orders." + library.Queue, mandatory: true,
            new BasicProperties { Headers = new Dictionary<string, object?> { ["Content-Type"] = "application/json" } }, "{}"u8.ToArray());

        var copy = await Client.TakeAsync(broker.Uri, $"{library.Queue}.retry.60000");
        var headers = copy.BasicProperties.Headers!;
        Assert.Equal("orders." + library.Queue, Encoding.UTF8.GetString((byte[])headers["Micro-Topic"]!));
        Assert.Equal("application/json", Encoding.UTF8.GetString((byte[])headers["Content-Type"]!));
    }

    [Fact]
    public async Task A_v4_wildcard_handler_is_reached_with_the_pattern_in_the_topic_header()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Channel.QueueBindAsync(library.Queue, "amq.topic", $"{library.Queue}.*");

        await library.Get<ITopicPublisher>().PublishAsync($"{library.Queue}.created", new { Id = 5 },
            new PublishOptions { Headers = new([new("Micro-Topic", $"{library.Queue}.*")]) });

        Assert.Equal($"{library.Queue}.*", Dispatched(ReadAsGoMicro(await library.Channel.TakeAsync(library.Queue)), subscribed: $"{library.Queue}.*"));
    }

    /// <summary>The plugin: every value becomes a string, and must be one on the wire; an empty topic header is filled from the routing key.
    /// Names are as they were sent: Go's maps know case.</summary>
    private static Dictionary<string, string> ReadAsGoMicro(BasicGetResult delivery)
    {
        var headers = delivery.BasicProperties.Headers!.ToDictionary(header => header.Key, header => Encoding.UTF8.GetString(Assert.IsType<byte[]>(header.Value)));
        if (headers.GetValueOrDefault("Micro-Topic") is null or "")
        {
            headers["Micro-Topic"] = delivery.RoutingKey;
        }

        return headers;
    }

    /// <summary>The server: a codec for exactly this content type, and the handler of exactly this topic.</summary>
    private static string? Dispatched(Dictionary<string, string> headers, string subscribed) =>
        headers.GetValueOrDefault("Content-Type") == "application/json" && headers["Micro-Topic"] == subscribed ? subscribed : null;
}
