using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitTopics.Testing;

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
