using System.Text.Json.Nodes;
using RabbitMQ.Client;
using RabbitTopics.HostExtension;
using RabbitTopics.Topology;

namespace RabbitTopics.Tests.HostExtension;

/// <summary>What the app and our extension of a Functions host tell each other.</summary>
public sealed class HostExtensionTests
{
    [Fact]
    public void Options_of_a_handler_are_the_same_on_the_other_side()
    {
        var options = new HandlerOptions
        {
            Prefetch = 7,
            Concurrency = 5,
            PartitionKey = "topic",
            Timeout = TimeSpan.FromMilliseconds(1500),
            LongRunningAfter = Timeout.InfiniteTimeSpan,
            AutoAck = true,
            OnError = new() { Action = ErrorAction.DeadLetter, Delays = [TimeSpan.FromDays(1), TimeSpan.FromMilliseconds(20)], MaxAttempts = 9, MaxRedeliveries = ErrorPolicy.Unlimited },
        };
        var read = new HandlerOptions();

        TriggerOptions.Of(options).ApplyTo(read);

        Assert.Equivalent(options, read, strict: true);
    }

    [Fact]
    public void What_is_not_set_leaves_the_options_as_they_are()
    {
        var options = new HandlerOptions { Prefetch = 7, AutoAck = true, OnError = new() { MaxAttempts = 2 } };

        new TriggerOptions().ApplyTo(options);

        Assert.Equivalent(new HandlerOptions { Prefetch = 7, AutoAck = true, OnError = new() { MaxAttempts = 2 } }, options, strict: true);
    }

    [Fact]
    public void A_trigger_can_switch_off_what_host_json_switches_on()
    {
        var options = new HandlerOptions { AutoAck = true };

        TriggerOptions.Of(new HandlerOptions { AutoAck = false }).ApplyTo(options);

        Assert.False(options.AutoAck);
        Assert.Equal("'autoAck' of host.json is 'yes'. Write true or false.", Assert.Throws<FormatException>(() => new TriggerOptions { AutoAck = "yes" }.ApplyTo(options, "host.json")).Message);
        Assert.Equal("'autoAck' of a RabbitMQ trigger is 'yes'. Write true or false.", Assert.Throws<FormatException>(() => new TriggerOptions { AutoAck = "yes" }.ApplyTo(options)).Message);
    }

    [Fact]
    public void A_queue_and_its_bindings_are_the_same_on_the_other_side()
    {
        var queue = new QueueTopology("RabbitMQ", "orders",
        [
            new TopicBinding("amq.topic", "orders.*"),
            new TopicBinding("headers", "") { ExchangeType = "headers", Arguments = new Dictionary<string, object?> { ["x-match"] = "all", ["urgent"] = true, ["level"] = 3L, ["share"] = 0.5 } },
        ])
        {
            Removed = [new TopicBinding("amq.topic", "old")],
            Properties = new QueueProperties { Durable = false, AutoDelete = true, Exclusive = true, Arguments = new Dictionary<string, object?> { ["x-max-length"] = 5L } },
        };

        Assert.Equivalent(queue, TopologyJson.Read("RabbitMQ", "orders", TopologyJson.Write(queue)), strict: true);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("no JSON")]
    [InlineData("""{"bindings":7}""")]
    public void A_topology_that_is_none_is_refused_with_the_queues_name(string text)
    {
        var exception = Assert.Throws<FormatException>(() => TopologyJson.Read("RabbitMQ", "orders", text));

        Assert.StartsWith("The 'topology' of the trigger of queue 'orders' is not what RabbitTopics writes there", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_that_are_nested_more_deeply_than_JSON_can_be_are_an_error()
    {
        var deep = Enumerable.Range(0, 2_000).Aggregate((object?)1, (inner, _) => new Dictionary<string, object?> { ["down"] = inner });
        var data = new DeliveryData("1", "", "q", false, "", 1, new BasicProperties { Headers = new Dictionary<string, object?> { ["deep"] = deep } });

        Assert.Throws<InvalidOperationException>(() => data.Write());
    }

    [Fact]
    public void What_is_as_deep_as_can_be_written_can_be_read()
    {
        var deep = Enumerable.Range(0, 400).Aggregate((object?)1, (inner, _) => new Dictionary<string, object?> { ["down"] = inner });
        var data = new DeliveryData("1", "", "q", false, "", 1, new BasicProperties { Headers = new Dictionary<string, object?> { ["deep"] = deep } });

        Assert.Equal(JsonNode.Parse(data.Write(), documentOptions: new() { MaxDepth = 1000 })!.ToJsonString(new() { MaxDepth = 1000 }), DeliveryData.Read(data.Write()).Write());
    }
}
