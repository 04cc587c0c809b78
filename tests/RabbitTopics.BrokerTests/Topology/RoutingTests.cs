using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using CsCheck;
using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.TestSupport;
using RabbitTopics.Topology;

namespace RabbitTopics.BrokerTests.Topology;

/// <summary>What reaches a queue by its subscriptions.</summary>
public sealed class RoutingTests(SharedBroker broker)
{
    [Fact]
    public async Task Twenty_topics_of_a_hundred_messages_reach_exactly_the_queues_that_subscribe_to_them()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var exchange = $"{library.Queue}.exchange";
        var topics = Enumerable.Range(0, 20).Select(number => $"orders.{(number % 2 == 0 ? "new" : "old")}.{number / 2}").ToArray();
        string[][] subscriptions = [["orders.#"], ["orders.new.*"], ["orders.*.3", "orders.old.#"], ["orders.new.1"], ["#.4", "orders.new.4"], ["*.nothing"]];
        var received = subscriptions.Select(_ => new ConcurrentBag<(string Topic, string Body)>()).ToArray();
        var consumers = subscriptions.Select((patterns, number) => library.Consumer(library.Consuming($"{library.Queue}.{number}") with
        {
            Topology = new QueueTopology("RabbitMQ", $"{library.Queue}.{number}", [.. patterns.Select(pattern => new TopicBinding(exchange, pattern))]),
        }, (delivery, _) =>
        {
            received[number].Add((delivery.Message.Topic, Encoding.UTF8.GetString(delivery.Message.Body.Span)));
            return ValueTask.CompletedTask;
        })).ToArray();
        foreach (var (index, consumer) in consumers.Index())
        {
            consumer.Start();
            await Client.WaitForConsumersAsync(broker.Uri, $"{library.Queue}.{index}");
        }

        var clock = Stopwatch.StartNew();
        foreach (var topic in topics)
        {
            for (var number = 0; number < 100; number++)
            {
                await library.Channel.BasicPublishAsync(exchange, topic, Encoding.UTF8.GetBytes($"{number}"));
            }
        }

        for (var index = 0; index < subscriptions.Length; index++)
        {
            var patterns = subscriptions[index];
            var expected = topics.Where(topic => patterns.Any(pattern => TopicPattern.Matches(pattern, topic)))
                .SelectMany(topic => Enumerable.Range(0, 100).Select(number => (topic, $"{number}"))).Order().ToArray();
            await Wait.UntilAsync(() => received[index].Count >= expected.Length, $"the {expected.Length} messages of queue {index}");
            Assert.Equal(expected, received[index].Order());
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{string.Join(" + ", received.Select(bag => bag.Count))} deliveries of 2000 messages in {clock.Elapsed.TotalSeconds:0.0} s.");
        foreach (var (index, consumer) in consumers.Index())
        {
            await consumer.DisposeAsync();
            await library.DeleteQueueAsync($"{library.Queue}.{index}");
        }

        await library.Channel.ExchangeDeleteAsync(exchange);
    }

    [Fact]
    public async Task Any_pattern_and_topic_match_as_the_brokers_own_topic_exchange_matches_them()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var word = Gen.OneOf("a", "b", "");
        var topics = word.Array[0, 4].Select(words => string.Join('.', words)).Array[100].Single().Distinct().ToArray();
        var patterns = Gen.OneOf(word, Gen.OneOf("*", "#")).Array[0, 4].Select(words => string.Join('.', words)).Array[40].Single().Distinct().ToArray();
        var exchange = $"{library.Queue}.exchange";
        await library.Channel.ExchangeDeclareAsync(exchange, "topic", durable: false, autoDelete: false);
        var queues = new Dictionary<string, string>();
        foreach (var pattern in patterns)
        {
            queues[pattern] = (await library.Channel.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: true)).QueueName;
            await library.Channel.QueueBindAsync(queues[pattern], exchange, pattern);
        }

        foreach (var topic in topics)
        {
            await library.Channel.BasicPublishAsync(exchange, topic, Encoding.UTF8.GetBytes(topic));
        }

        foreach (var pattern in patterns)
        {
            var routed = new List<string>();
            while (await library.Channel.BasicGetAsync(queues[pattern], autoAck: true) is { } message)
            {
                routed.Add(Encoding.UTF8.GetString(message.Body.Span));
            }

            Assert.Equal(topics.Where(topic => TopicPattern.Matches(pattern, topic)).Order(), routed.Order());
        }

        await library.Channel.ExchangeDeleteAsync(exchange);
    }

    [Fact]
    public async Task A_removed_subscription_leaves_no_binding_also_where_there_was_none()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var before = new QueueTopology("RabbitMQ", library.Queue, [new TopicBinding("amq.topic", $"{library.Queue}.old")]);
        await TopologyDeclarer.ApplyAsync(library.Broker, before, library.Queue, CancellationToken.None);
        var after = new QueueTopology("RabbitMQ", library.Queue, [new TopicBinding("amq.topic", $"{library.Queue}.new")])
        {
            Removed = [new TopicBinding("amq.topic", $"{library.Queue}.old"), new TopicBinding($"{library.Queue}.gone", "old")],
        };

        await TopologyDeclarer.ApplyAsync(library.Broker, after, library.Queue, CancellationToken.None);
        await library.Channel.BasicPublishAsync("amq.topic", $"{library.Queue}.old", "old"u8.ToArray());
        await library.Channel.BasicPublishAsync("amq.topic", $"{library.Queue}.new", "new"u8.ToArray());

        Assert.Equal("new", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
    }

    [Theory]
    [InlineData("direct", "key", "a,c")]
    [InlineData("fanout", "", "a,b,c")]
    [InlineData("headers", "", "b,c")]
    [InlineData("topic", "*", "a,b,c")]
    public async Task A_queue_on_an_exchange_of_any_type_gets_what_that_type_routes(string type, string topic, string expected)
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var exchange = $"{library.Queue}.exchange";
        var binding = new TopicBinding(exchange, topic)
        {
            ExchangeType = type,
            Arguments = type == "headers" ? new Dictionary<string, object?> { ["x-match"] = "all", ["kind"] = "order", ["version"] = 2 } : null,
        };
        await TopologyDeclarer.ApplyAsync(library.Broker, new QueueTopology("RabbitMQ", library.Queue, [binding]), library.Queue, CancellationToken.None);

        await PublishAsync("a", "key", "order", 1);
        await PublishAsync("b", "other", "order", 2);
        await PublishAsync("c", "key", "order", 2);

        var routed = new List<string>();
        while (await library.Channel.BasicGetAsync(library.Queue, autoAck: true) is { } message)
        {
            routed.Add(Encoding.UTF8.GetString(message.Body.Span));
        }

        Assert.Equal(expected, string.Join(',', routed));
        await library.Channel.ExchangeDeleteAsync(exchange);

        async Task PublishAsync(string body, string routingKey, string kind, int version) => await library.Channel.BasicPublishAsync(exchange, routingKey, mandatory: false,
            new BasicProperties { Headers = new Dictionary<string, object?> { ["kind"] = kind, ["version"] = version } }, Encoding.UTF8.GetBytes(body));
    }
}
