using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using RabbitTopics.Functions;

namespace App._1;

/// <summary>Handles what is published to the topic. A failure is retried after delays; after the fifth attempt the message is parked in the
/// queue <c>template-queue.dead</c>.</summary>
public sealed class HandleOrder(ILogger<HandleOrder> logger)
{
    [Function(nameof(HandleOrder))]
    public void Run(
        [RabbitMQTrigger("template-queue", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("template-topic")]
        Order order) =>
        logger.LogInformation("Received order {Number} of {Item}", order.Number, order.Item);
}
