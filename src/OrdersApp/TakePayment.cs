using Microsoft.Azure.Functions.Worker;
using RabbitTopics;
using RabbitTopics.Functions;

namespace OrdersApp;

/// <summary>Has a new order paid, and says so. While the bank does not answer it is tried again; after the third attempt the message is
/// parked in <c>orders_payment.dead</c>.</summary>
public sealed class TakePayment(IBank bank)
{
    [Function(nameof(TakePayment))]
    [ErrorPolicy(ErrorAction.Retry, Delays = "00:00:01, 00:00:05", MaxAttempts = 3)]
    [TopicOutput("orders.paid")]
    public async Task<OrderPaid> Run(
        [RabbitMQTrigger("orders_payment", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("orders.created")]
        Order order,
        CancellationToken cancellationToken)
    {
        await bank.TakeAsync(order, cancellationToken);
        return new OrderPaid(order.Id, order.Total);
    }
}
