using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using RabbitTopics;
using RabbitTopics.Functions;

namespace OrdersApp;

/// <summary>Reminds of an order that is not paid after a minute: by a message that the broker keeps until then.</summary>
public sealed class Reminders(ITopicPublisher publisher, OrderBook orders, ILogger<Reminders> logger)
{
    [Function("PlanReminder")]
    public Task PlanAsync(
        [RabbitMQTrigger("orders_plan_reminder", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("orders.created")]
        Order order,
        CancellationToken cancellationToken) =>
        publisher.PublishAsync("orders.reminder", new PaymentReminder(order.Id), new PublishOptions { Delay = TimeSpan.FromMinutes(1) }, cancellationToken);

    [Function("Remind")]
    public void Remind(
        [RabbitMQTrigger("orders_reminder", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("orders.reminder")]
        PaymentReminder reminder)
    {
        if (!orders.IsPaid(reminder.Id))
        {
            logger.LogWarning("Order {Order} is not paid yet.", reminder.Id);
        }
    }
}
