using RabbitTopics.Messages;

namespace RabbitTopics.Tests.Messages;

public sealed class TopicHeaderTests
{
    public static readonly TheoryData<string, string?, string?, string, string, string> Cases = new()
    {
        // what, header name, header value, exchange, routing key, topic
        { "no header", null, null, "amq.topic", "orders.created", "orders.created" },
        { "header wins", "Micro-Topic", "from.header", "amq.topic", "orders.created", "from.header" },
        { "header in other casing", "MICRO-TOPIC", "from.header", "amq.topic", "orders.created", "from.header" },
        { "empty header", "Micro-Topic", "", "amq.topic", "orders.created", "orders.created" },
        { "header wins on the default exchange", "Micro-Topic", "from.header", "", "queue", "from.header" },
        { "published to the queue itself", null, null, "", "queue", "queue" },
        { "another header", "Micro-Id", "7", "amq.topic", "orders.created", "orders.created" },
        { "empty routing key", null, null, "amq.fanout", "", "" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_topic_is_the_header_if_not_empty_else_the_routing_key(
        string what, string? header, string? value, string exchange, string routingKey, string topic)
    {
        var headers = header is null ? new MessageHeaders() : new MessageHeaders([new(header, value)]);

        Assert.True(TopicHeader.Resolve(headers, "Micro-Topic", exchange, routingKey) == topic, what);
        Assert.True(Envelope.TopicOf(HeaderTable.Write(headers), exchange, routingKey, "Micro-Topic") == topic, $"{what}, as it came");
    }

    [Fact]
    public void A_message_that_came_back_through_a_queue_keeps_the_routing_key_of_its_first_delivery()
    {
        var headers = new MessageHeaders(
        [
            new("x-death", new List<object?>
            {
                Death("", "queue.retry"),
                Death("amq.topic", "orders.created"),
            }),
        ]);

        Assert.Equal("orders.created", TopicHeader.Resolve(headers, "Micro-Topic", "", "queue"));
        Assert.Equal("orders.created", Envelope.TopicOf(HeaderTable.Write(headers), "", "queue", "Micro-Topic"));
    }

    [Fact]
    public void A_copy_without_the_header_has_the_routing_key_that_it_was_published_with() =>
        Assert.Equal("orders.created", Envelope.TopicOf(HeaderTable.Write(new MessageHeaders([new("rt-original-exchange", "amq.topic"), new("rt-original-routing-key", "orders.created")])), "", "queue", "Micro-Topic"));

    [Fact]
    public void A_death_record_does_not_count_while_the_message_comes_from_an_exchange()
    {
        var headers = new MessageHeaders([new("x-death", new List<object?> { Death("amq.topic", "old") })]);

        Assert.Equal("new", TopicHeader.Resolve(headers, "Micro-Topic", "amq.topic", "new"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text")]
    [InlineData(5)]
    public void A_death_record_that_is_none_is_passed_over(object? record) =>
        Assert.Equal("queue", TopicHeader.Resolve(new MessageHeaders([new("x-death", record)]), "Micro-Topic", "", "queue"));

    private static MessageHeaders Death(string exchange, string routingKey) => new(
    [
        new("exchange", exchange),
        new("routing-keys", new List<object?> { routingKey }),
    ]);
}
