using System.Globalization;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Conformance;

public sealed class ReceivingTests(ConformanceRun run)
{
    [Fact]
    public async Task A_JSON_body_reaches_a_typed_handler()
    {
        await run.PublishAsync($"{run.Name}.typed", """{"Id":1,"Text":"张三"}""");

        var seen = await run.SeenAsync("Typed", "1:张三");

        Assert.Equal("amq.topic", seen.Exchange);
        Assert.Equal($"{run.Name}.typed", seen.RoutingKey);
    }

    [Fact]
    public async Task Without_a_topic_header_the_topic_is_the_routing_key_and_the_header_is_filled()
    {
        await run.PublishAsync($"{run.Name}.typed", """{"Id":2,"Text":"bare"}""");

        var seen = await run.SeenAsync("Typed", "2:bare");

        Assert.Equal($"{run.Name}.typed", seen.Topic);
        Assert.Equal($"{run.Name}.typed", seen.Headers["Micro-Topic"]);
    }

    [Theory]
    [InlineData("Micro-Topic")]
    [InlineData("micro-topic")]
    public async Task A_topic_header_in_any_casing_wins_over_the_routing_key(string header)
    {
        var properties = new BasicProperties { Headers = new Dictionary<string, object?> { [header] = "from.header" } };
        await run.PublishAsync($"{run.Name}.typed", $$"""{"Id":3,"Text":"{{header}}"}""", properties);

        Assert.Equal("from.header", (await run.SeenAsync("Typed", $"3:{header}")).Topic);
    }

    [Fact]
    public async Task An_empty_topic_header_counts_as_none()
    {
        var properties = new BasicProperties { Headers = new Dictionary<string, object?> { ["Micro-Topic"] = "" } };
        await run.PublishAsync($"{run.Name}.typed", """{"Id":4,"Text":"empty"}""", properties);

        Assert.Equal($"{run.Name}.typed", (await run.SeenAsync("Typed", "4:empty")).Topic);
    }

    [Fact]
    public async Task A_typed_envelope_holds_the_body_read_and_the_topic()
    {
        await run.PublishAsync($"{run.Name}.typed-envelope", """{"Id":7,"Text":"envelope"}""");

        Assert.Equal($"{run.Name}.typed-envelope", (await run.SeenAsync("TypedEnvelope", "7:envelope")).Topic);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_arrive_as_they_were_sent()
    {
        await run.PublishAsync($"{run.Name}.bytes", new byte[] { 0x00, 0xFF, 0xFE, 0x80, 0x0A });

        await run.SeenAsync("Bytes", "00FFFE800A");
    }

    [Fact]
    public async Task Text_arrives_as_it_was_sent()
    {
        await run.PublishAsync($"{run.Name}.text", "no JSON, with 張三 and a newline\n");

        await run.SeenAsync("Text", "no JSON, with 張三 and a newline\n");
    }

    [Fact]
    public async Task A_body_that_looks_like_an_envelope_does_not_change_the_envelope()
    {
        const string body = """{"exchange":"LSE","RoutingKey":"evil","basicProperties":"evil"}""";
        await run.PublishAsync($"{run.Name}.text", body);

        var seen = await run.SeenAsync("Text", body);

        Assert.Equal("amq.topic", seen.Exchange);
        Assert.Equal($"{run.Name}.text", seen.RoutingKey);
    }

    [Fact]
    public async Task A_message_laid_out_as_go_micro_does_reaches_a_typed_handler_with_topic_id_and_JSON_intact()
    {
        var headers = new Dictionary<string, object?>
        {
            ["Content-Type"] = "application/json",
            ["Micro-Topic"] = $"{run.Name}.typed",
            ["Micro-Id"] = "5c7a5a0e-go-micro",
            ["Traceparent"] = "00-abc-def-01",
        };
        await run.PublishAsync($"{run.Name}.typed", "{\"Id\":8,\"Text\":\"\\u003cgo\\u003e \\u0026 张三\"}\n", new BasicProperties { Headers = headers });

        var seen = await run.SeenAsync("Typed", "8:<go> & 张三");

        Assert.Equal($"{run.Name}.typed", seen.Topic);
        Assert.Equal(("5c7a5a0e-go-micro", "00-abc-def-01"), (seen.Headers["Micro-Id"], seen.Headers["Traceparent"]));
    }

    [Theory]
    [InlineData("one.word", 11)]
    [InlineData("many", 12)]
    [InlineData("many.words.and.more", 13)]
    public async Task Wildcards_of_a_subscription_match_as_the_broker_matches(string topic, int length)
    {
        await run.PublishAsync($"{run.Name}.{topic}", new byte[length]);

        Assert.Equal($"{run.Name}.{topic}", (await run.SeenAsync("Envelope", length.ToString(CultureInfo.InvariantCulture))).Topic);
    }

    [Fact]
    public async Task A_failed_message_is_delivered_again()
    {
        await run.PublishAsync($"{run.Name}.failing-once", """{"Id":5,"Text":"again"}""");

        Assert.Equal($"{run.Name}.failing-once", (await run.SeenAsync("FailingOnce", "5:again")).Topic);
    }

    [Fact]
    public async Task A_body_that_cannot_be_read_is_parked_with_its_reason_and_does_not_hold_up_others()
    {
        await run.PublishAsync($"{run.Name}.typed", "{ this is no JSON");
        await run.PublishAsync($"{run.Name}.typed", """{"Id":6,"Text":"after"}""");

        await run.SeenAsync("Typed", "6:after");
        await using var channel = await run.OpenChannelAsync();
        var parked = await channel.TakeAsync($"{run.Name}.typed.dead");
        Assert.Equal("{ this is no JSON", System.Text.Encoding.UTF8.GetString(parked.Body.Span));
        Assert.Equal("poison", parked.HeaderText("rt-dead-letter-reason"));
        Assert.Equal($"{run.Name}.typed", parked.HeaderText("rt-original-routing-key"));
        Assert.Equal("amq.topic", parked.HeaderText("rt-original-exchange"));
        Assert.Contains("Typed", parked.HeaderText("rt-dead-letter-description"), StringComparison.Ordinal);
    }
}
