using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions;

namespace RabbitTopics.Conformance.App;

/// <summary>Timer functions that publish, each in its own way.</summary>
public static class Publishing
{
    [Function("TopicFromTimer")]
    [TopicOutput("%CONFORMANCE_RUN%.from-timer")]
    public static Item TopicFromTimer([TimerTrigger("* * * * * *")] TimerInfo timer) => new(1, "张三");

    [Function("QueueFromTimer")]
    [RabbitMQOutput(QueueName = "%CONFORMANCE_RUN%.stock", ConnectionStringSetting = "RabbitMQ")]
    public static async Task<Item> QueueFromTimer([TimerTrigger("%CONFORMANCE_SCHEDULE%")] TimerInfo timer)
    {
        await Task.Yield();
        return new Item(2, "stock");
    }

    [Function("SeveralOutputs")]
    public static Outputs SeveralOutputs([TimerTrigger("* * * * * *", RunOnStartup = true)] TimerInfo timer) =>
        new() { ToQueue = new Item(3, "queue"), ToTopic = new Item(4, "topic") };

    /// <summary>Publishes while it runs, and does not wait for the last of it.</summary>
    [Function("Collecting")]
    [ErrorPolicy(ErrorAction.DeadLetter)]
    public static async Task Collecting(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.collecting", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.collecting")]
        string topic,
        [TopicOutput("%CONFORMANCE_RUN%.collected")] ITopicCollector<Item> items,
        [TopicOutput("%CONFORMANCE_RUN%.collected")] ITopicCollector<TopicMessage<Item>> messages)
    {
        await items.AddAsync(new Item(1, "first"));
        await items.AddAsync(new Item(2, "second"));
        _ = messages.AddAsync(new TopicMessage<Item>(topic, new Item(3, "third")));
    }

    /// <summary>Leaves several messages for a queue and one for a topic that it is told; one that ends with 'late' after its time is over.</summary>
    [Function("Leaving")]
    [Consume(Timeout = "00:00:01")]
    [ErrorPolicy(ErrorAction.DeadLetter)]
    public static async Task<Left> Leaving(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.leaving", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.leaving")]
        string topic)
    {
        if (topic.EndsWith("late", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromSeconds(1.2), CancellationToken.None);
        }

        return new Left { ToQueue = [new Item(1, "left"), new Item(2, "left")], ToTopic = new TopicMessage<Item>(topic, new Item(3, "left")) };
    }

    /// <summary>What <see cref="Leaving"/> leaves.</summary>
    public sealed class Left
    {
        [RabbitMQOutput(QueueName = "%CONFORMANCE_RUN%.left", ConnectionStringSetting = "RabbitMQ")]
        public Item[] ToQueue { get; init; } = [];

        [TopicOutput("%CONFORMANCE_RUN%.left-topic")]
        public TopicMessage<Item>? ToTopic { get; init; }
    }

    /// <summary>Two outputs of one function.</summary>
    public sealed class Outputs
    {
        [RabbitMQOutput(QueueName = "%CONFORMANCE_RUN%.several", ConnectionStringSetting = "RabbitMQ")]
        public Item? ToQueue { get; init; }

        [TopicOutput("%CONFORMANCE_RUN%.several")]
        public Item? ToTopic { get; init; }
    }
}
