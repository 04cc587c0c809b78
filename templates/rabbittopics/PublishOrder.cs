using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions;

namespace App._1;

/// <summary>Publishes to the topic every ten seconds: what it returns.</summary>
public sealed class PublishOrder(TimeProvider time)
{
    [Function(nameof(PublishOrder))]
    [TopicOutput("template-topic")]
    public Order Run([TimerTrigger("*/10 * * * * *")] TimerInfo timer) => new(time.GetUtcNow().ToUnixTimeSeconds(), "tea");
}
