using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions;

namespace RabbitTopics.Conformance.App;

/// <summary>Throws on the first sight of each item and takes it on the second.</summary>
public static class FailingOnce
{
    private static readonly ConcurrentDictionary<int, bool> Known = new();

    [Function("FailingOnce")]
    [RabbitMQOutput(QueueName = "%CONFORMANCE_RUN%.seen", ConnectionStringSetting = "RabbitMQ")]
    public static Seen Run(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.failing-once", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.failing-once")]
        Item item,
        FunctionContext context) =>
        Known.TryAdd(item.Id, true)
            ? throw new InvalidOperationException($"Item {item.Id} is seen for the first time.")
            : Seen.From("FailingOnce", context.GetTopicMessage(), $"{item.Id}:{item.Text}");
}
