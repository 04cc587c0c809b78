using System.Text.Json;
using Microsoft.Extensions.Options;
using RabbitTopics.Messages;
using RabbitTopics.Topics;

namespace RabbitTopics.Tests.Topics;

public sealed class OutgoingMessageTests
{
    [Theory]
    [InlineData("Micro-Id")]
    [InlineData("Micro-ID")]
    [InlineData("micro-id")]
    public void A_message_of_go_micro_that_is_passed_on_keeps_its_id(string header)
    {
        var properties = Properties(new TopicMessage { Topic = "a", Headers = new MessageHeaders([new(header, "its-own")]) });

        Assert.Equal("its-own", properties.MessageId);
        Assert.Equal(["Micro-ID", "Micro-Id", "Micro-Topic"], properties.Headers!.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("its-own", "its-own"), (properties.Headers["Micro-Id"], properties.Headers["Micro-ID"]));
    }

    [Theory]
    [InlineData(256, 4, false, "The topic 'tttttttttttttttttttttttttttttttttttttttt…' is longer than 255 bytes.")]
    [InlineData(4, 256, false, "The exchange 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee…' is longer than 255 bytes.")]
    [InlineData(200, 100, true, "Shorten them, or leave the Delay.")]
    public void A_name_that_AMQP_has_no_room_for_is_refused_by_its_own_name(int topic, int exchange, bool isDelayed, string message)
    {
        var options = new PublishOptions { Exchange = new string('e', exchange), Delay = isDelayed ? TimeSpan.FromSeconds(1) : null };

        Assert.Contains(message, Assert.Throws<ArgumentException>(
            () => OutgoingMessage.Of(new string('t', topic), "text", options, new RabbitTopicsOptions(), new JsonBody(Options.Create(new JsonSerializerOptions())), DateTimeOffset.UtcNow)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_without_an_id_gets_a_UUID_version_7_of_its_time_and_no_two_are_the_same()
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(0x0123_4567_89AB);
        var ids = Enumerable.Range(0, 10_000).Select(_ => OutgoingMessage.MakeProperties("a", "x", "text/plain", new PublishOptions(), "Micro-Topic", now).MessageId!).ToList();

        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Matches("^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id));
    }

    [Fact]
    public void The_topic_header_has_the_name_that_subscribers_look_for_whatever_its_casing_was()
    {
        var properties = Properties(new TopicMessage { Topic = "a", Headers = new MessageHeaders([new("micro-topic", "before"), new("other", 1)]) });

        Assert.Equal("a", properties.Headers!["Micro-Topic"]);
        Assert.False(properties.Headers.ContainsKey("micro-topic"));
        Assert.Equal(1, properties.Headers["other"]);
    }

    [Fact]
    public void A_received_message_whose_value_is_written_anew_no_longer_says_how_its_first_body_was_encoded()
    {
        var received = new TopicMessage
        {
            Topic = "a",
            Body = new byte[] { 0x1F, 0x8B },
            Properties = new MessageProperties { ContentEncoding = "gzip", ContentType = "application/x-protobuf", CorrelationId = "c" },
            Headers = new MessageHeaders([new("Content-Type", "application/x-protobuf"), new("content-encoding", "gzip"), new("own", 1)]),
        };

        var properties = Properties(new TopicMessage<int>(received, 7), "application/json");

        Assert.Equal(("application/json", null, "c"), (properties.ContentType, properties.ContentEncoding, properties.CorrelationId));
        Assert.Equal("application/json", properties.Headers!["Content-Type"]);
        Assert.False(properties.Headers.ContainsKey("content-encoding"));
        Assert.Equal(1, properties.Headers["own"]);
    }

    [Fact]
    public void What_was_noted_about_one_delivery_of_a_message_is_not_passed_on_with_it()
    {
        var received = new MessageHeaders([new("x-delivery-count", 3L), new("x-acquired-count", 4L), new("x-ms-rabbitmq-requeuecount", 1), new("rt-attempts", 2), new("own", 1)]);

        var ofMessage = Properties(new TopicMessage { Topic = "a", Headers = received });
        var ofOptions = Properties(new TopicMessage { Topic = "a" }, options: new PublishOptions { Headers = received });

        Assert.Equal(["Micro-Topic", "own"], ofMessage.Headers!.Keys.Where(name => !name.StartsWith("Micro-I", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(["Micro-Topic", "own"], ofOptions.Headers!.Keys.Where(name => !name.StartsWith("Micro-I", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    private static RabbitMQ.Client.BasicProperties Properties(TopicMessage message, string? contentType = null, PublishOptions? options = null) =>
        OutgoingMessage.MakeProperties(message.Topic, message, contentType, options ?? new PublishOptions(), "Micro-Topic", DateTimeOffset.UnixEpoch);
}
