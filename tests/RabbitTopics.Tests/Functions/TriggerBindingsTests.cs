using System.Text.Json.Nodes;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using RabbitTopics.Connections;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.FunctionsHost;
using RabbitTopics.HostExtension;
using RabbitTopics.Topology;

namespace RabbitTopics.Tests.Functions;

public sealed class TriggerBindingsTests
{
    [Fact]
    public void Every_RabbitMQ_trigger_asks_for_bytes_and_nothing_else_is_changed()
    {
        const string timer = """{"name":"timer","type":"timerTrigger","direction":"In","schedule":"* * * * * *"}""";
        var function = new DefaultFunctionMetadata
        {
            RawBindings = ["""{"name":"person","type":"rabbitMQTrigger","direction":"In","dataType":"String","queueName":"q"}""", timer],
        };
        var without = new DefaultFunctionMetadata { RawBindings = ["""{"name":"person","type":"RabbitMQTrigger","queueName":"q"}"""] };

        new TriggerBindings().Transform([function, without, new DefaultFunctionMetadata()]);

        Assert.Equal(["""{"name":"person","type":"rabbitMQTrigger","direction":"In","dataType":"Binary","queueName":"q"}""", timer], function.RawBindings);
        Assert.Equal(["""{"name":"person","type":"RabbitMQTrigger","queueName":"q","dataType":"Binary"}"""], without.RawBindings);
    }

    [Fact]
    public void Our_extension_is_told_how_the_messages_are_taken_and_what_to_declare()
    {
        var options = new RabbitTopicsOptions { TopicHeader = "Topic" };
        options.ForHandler("Orders", handler => (handler.Concurrency, handler.OnError.MaxAttempts, handler.OnError.Delays) = (16, 3, [TimeSpan.FromSeconds(2)]));
        var metadata = new DefaultFunctionMetadata { Name = "Orders", RawBindings = ["""{"name":"order","type":"rabbitMQTrigger","direction":"In","queueName":"orders"}"""] };
        var (bindings, topology) = BindingsOf(options, metadata, "orders.*");

        bindings.Transform([metadata]);

        var told = JsonNode.Parse(metadata.RawBindings[0])!.AsObject();
        Assert.Equal((16, 3, "00:00:02", "Retry", "-1", "Topic", "Declare"), ((int)told["concurrency"]!, (int)told["maxAttempts"]!, (string)told["retryDelays"]!,
            (string)told["onError"]!, (string)told["timeout"]!, (string)told["topicHeader"]!, (string)told["topologyMode"]!));
        var read = TopologyJson.Read("RabbitMQ", "orders", (string)told["topology"]!);
        Assert.Equal(new TopicBinding("amq.topic", "orders.*"), Assert.Single(read.Bindings));
        Assert.Equal(topology.Queues[0].Properties.Arguments.OrderBy(argument => argument.Key), read.Properties.Arguments.OrderBy(argument => argument.Key));
        Assert.DoesNotContain("s3cret", metadata.RawBindings[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_binding_that_names_no_broker_is_on_that_of_the_apps_options()
    {
        var options = new RabbitTopicsOptions { ConnectionStringSetting = "Broker" };
        var metadata = new DefaultFunctionMetadata
        {
            Name = "Orders",
            RawBindings =
            [
                """{"name":"order","type":"rabbitMQTrigger","direction":"In","queueName":"orders"}""",
                """{"name":"a","type":"rabbitMQ","direction":"Out","queueName":"q"}""",
                """{"name":"b","type":"rabbitMQ","direction":"Out","queueName":"q","connectionStringSetting":"Other"}""",
                """{"name":"c","type":"rabbitMQ","direction":"Out","queueName":"q","hostName":"rabbit"}""",
                """{"name":"d","type":"queue","direction":"Out","queueName":"q"}""",
            ],
        };

        BindingsOf(options, metadata, "orders.*").Bindings.Transform([metadata]);

        Assert.Equal(["Broker", "Broker", "Other", null, null], metadata.RawBindings.Select(binding => (string?)JsonNode.Parse(binding)!["connectionStringSetting"]));
    }

    [Fact]
    public void Our_extension_is_told_what_is_wrong_with_a_function_so_that_its_host_refuses_it()
    {
        var options = new RabbitTopicsOptions();
        options.ForHandler("Orders", handler => handler.Prefetch = 0);
        var metadata = new DefaultFunctionMetadata { Name = "Orders", RawBindings = ["""{"name":"order","type":"rabbitMQTrigger","direction":"In","queueName":"orders"}"""] };

        BindingsOf(options, metadata, "orders.*").Bindings.Transform([metadata]);
        Assert.Contains("Prefetch is 0. Set it to a whole number from 1 to 65535.", (string?)JsonNode.Parse(metadata.RawBindings[0])!["problem"], StringComparison.Ordinal);

        BindingsOf(new RabbitTopicsOptions(), metadata, "orders.%Missing%").Bindings.Transform([metadata]);
        Assert.Contains("'Missing'", (string?)JsonNode.Parse(metadata.RawBindings[0])!["problem"], StringComparison.Ordinal);
    }

    /// <summary>Those of an app with one function, which subscribes to a topic.</summary>
    private static (TriggerBindings Bindings, AppTopology Topology) BindingsOf(RabbitTopicsOptions options, DefaultFunctionMetadata metadata, string topic)
    {
        FunctionDescription[] functions =
        [
            new(metadata.Name!, ((Delegate)BindingsOf).Method, [new FunctionBinding(metadata.RawBindings![0])])
            {
                Subscriptions = [new TopicSubscriptionAttribute(topic)],
                QueueOptions = new QueueOptionsAttribute { Type = "quorum", MaxLength = 5, Overflow = "reject-publish" },
            },
        ];
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("RabbitMQ", "amqp://guest:s3cret@localhost")]).Build();
        var settings = new SettingReferences(configuration);
        var topology = new TopologyOfFunctions(options, settings, configuration).Build(functions);
        return (new TriggerBindings { App = (new TriggerQueues(functions, topology, settings, configuration, Options.Create(options)), topology.Problems, options) }, topology);
    }
}
