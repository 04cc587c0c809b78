using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Settings;
using RabbitTopics.Topology;

namespace RabbitTopics.Tests.Functions;

public sealed class TopologyOfFunctionsTests
{
    private readonly IConfiguration _configuration = new ConfigurationBuilder().AddInMemoryCollection(
    [
        new("RabbitMQ", "amqp://broker"),
        new("Other", "amqp://other"),
        new("NAME", "resolved"),
    ]).Build();

    [Fact]
    public void A_subscribed_queue_is_bound_to_its_topics_on_the_apps_exchange_or_its_own()
    {
        var topology = Build(Subscribed(new("%NAME%-queue") { ConnectionStringSetting = "Other" },
            new TopicSubscriptionAttribute("a.*"), new TopicSubscriptionAttribute("%NAME%.#") { Exchange = "own" }));

        Assert.Equal([new TopicBinding("amq.topic", "a.*"), new TopicBinding("own", "resolved.#")], topology.Find("Other", "resolved-queue")!.Bindings);
        Assert.Empty(topology.Problems);
    }

    [Fact]
    public void A_trigger_without_a_subscription_declares_nothing() => Assert.Empty(Build(Subscribed(new("queue"))).Queues);

    [Fact]
    public void The_exchange_of_an_output_is_declared_on_its_broker()
    {
        var topology = Build(Publishing(new TopicOutputAttribute("topic") { Exchange = "%NAME%", ConnectionStringSetting = "Other" }));

        Assert.Equal(["resolved"], topology.ExchangesOn("Other"));
    }

    [Theory]
    [InlineData("", "publishes to ''")]
    [InlineData("orders.*", "publishes to 'orders.*'")]
    [InlineData("#", "wildcards are for subscriptions")]
    [InlineData("%MISSING%", "refers to the setting 'MISSING'")]
    public void An_output_needs_one_topic(string topic, string problem) => AssertProblem(problem, Publishing(new TopicOutputAttribute(topic)));

    [Fact]
    public void An_output_needs_a_broker() =>
        AssertProblem("The setting 'Nowhere' is missing", Publishing(new TopicOutputAttribute("topic") { ConnectionStringSetting = "Nowhere" }));

    [Fact]
    public void A_subscription_needs_a_topic_and_a_trigger()
    {
        AssertProblem("subscribes to an empty topic", Subscribed(new("queue"), new TopicSubscriptionAttribute(" ")));
        AssertProblem("no [RabbitMQTrigger]", Subscribed(null, new TopicSubscriptionAttribute("topic")));
    }

    private static FunctionDescription Subscribed(RabbitMQTriggerAttribute? trigger, params TopicSubscriptionAttribute[] subscriptions) =>
        new("F", trigger, subscriptions, []);

    private static FunctionDescription Publishing(TopicOutputAttribute output) => new("F", null, [], [new TopicOutput(output, result => result)]);

    private AppTopology Build(FunctionDescription function) =>
        new TopologyOfFunctions(new RabbitTopicsOptions(), new SettingReferences(_configuration), _configuration).Build([function]);

    private void AssertProblem(string problem, FunctionDescription function)
    {
        var said = Assert.Single(Build(function).Problems);
        Assert.StartsWith("Function 'F': ", said, StringComparison.Ordinal);
        Assert.Contains(problem, said, StringComparison.Ordinal);
    }
}
