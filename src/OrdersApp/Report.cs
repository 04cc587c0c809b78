using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using RabbitTopics;
using RabbitTopics.Functions;

namespace OrdersApp;

/// <summary>Counts what happens to orders, and reports it every minute.</summary>
public sealed class Report(OrderBook orders, ILogger<Report> logger)
{
    /// <summary>Takes every topic of orders, and looks which it is.</summary>
    [Function("CountOrders")]
    public void Count(
        [RabbitMQTrigger("orders_report", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("orders.*")]
        TopicMessage<Order> message)
    {
        switch (message.Topic)
        {
            case "orders.created":
                orders.Add(message.Value.Id);
                break;
            case "orders.paid":
                orders.Pay(message.Value.Id);
                break;
        }
    }

    [Function("ReportOrders")]
    public void Write([TimerTrigger("0 * * * * *")] TimerInfo timer)
    {
        var (count, paid) = orders.Count;
        logger.LogInformation("{Orders} orders, {Paid} of them paid", count, paid);
    }
}
