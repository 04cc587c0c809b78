using RabbitTopics.Topology;

namespace RabbitTopics.Tests.Topology;

public sealed class AppTopologyTests
{
    [Fact]
    public void Bindings_of_one_queue_are_joined_and_each_is_kept_once()
    {
        var topology = new AppTopology();
        topology.Add(new QueueTopology("RabbitMQ", "orders", [new TopicBinding("amq.topic", "a")]));
        topology.Add(new QueueTopology("rabbitmq", "orders", [new TopicBinding("amq.topic", "a"), new TopicBinding("amq.topic", "b")]));

        Assert.Equal(["a", "b"], topology.Find("RabbitMQ", "orders")!.Bindings.Select(binding => binding.Topic));
        Assert.Single(topology.Queues);
    }

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
    public void Exchanges_are_kept_by_broker()
    {
        var topology = new AppTopology();
        topology.AddExchange("First", "orders");
        topology.AddExchange("first", "orders");
        topology.AddExchange("Second", "invoices");

        Assert.Equal(["orders"], topology.ExchangesOn("FIRST"));
    }
}
