using Microsoft.Extensions.Options;
using RabbitTopics.DeadLetters;
using RabbitTopics.Topology;

namespace RabbitTopics.Tests.Topology;

public sealed class AppTopologyTests
{
    [Fact]
    public void Queues_of_one_name_on_two_brokers_are_two()
    {
        var topology = new AppTopology();
        topology.Add(new QueueTopology("First", "orders", []));
        topology.Add(new QueueTopology("Second", "orders", []));

        Assert.Equal(2, topology.Queues.Count);
        Assert.Null(topology.Find("Third", "orders"));
    }

    [Fact]
    public void The_dead_letter_queues_are_those_beside_the_queues_on_the_apps_broker()
    {
        var topology = new AppTopology();
        topology.Add(new QueueTopology("rabbitmq", "orders", []));
        topology.Add(new QueueTopology("Other", "invoices", []));

        Assert.Equal(["orders.dead"], new AppDeadLetters(null!, topology, Options.Create(new RabbitTopicsOptions()), TimeProvider.System).Queues);
    }

    [Fact]
    public void Exchanges_are_kept_by_broker()
    {
        var topology = new AppTopology();
        topology.AddExchange("First", "orders");
        topology.AddExchange("first", "orders");
        topology.AddExchange("Second", "invoices");

        Assert.Equal([("orders", "topic")], topology.ExchangesOn("FIRST"));
    }

    [Fact]
    public void An_exchange_that_is_published_to_has_the_type_that_a_subscription_gives_it()
    {
        var topology = new AppTopology();
        topology.AddExchange("RabbitMQ", "events");
        topology.AddExchange("RabbitMQ", "amq.headers");
        topology.Add(new QueueTopology("RabbitMQ", "queue", [new TopicBinding("events", "") { ExchangeType = "fanout" }]));

        Assert.Equal([("events", "fanout"), ("amq.headers", "headers")], topology.ExchangesOn("RabbitMQ"));
    }
}
