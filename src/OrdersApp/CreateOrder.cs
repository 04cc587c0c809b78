using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions;

namespace OrdersApp;

/// <summary>A customer: orders something every five seconds.</summary>
public sealed class CreateOrder(TimeProvider time)
{
    [Function(nameof(CreateOrder))]
    [TopicOutput("orders.created")]
    public Order Run([TimerTrigger("*/5 * * * * *")] TimerInfo timer)
    {
        var id = time.GetUtcNow().ToUnixTimeSeconds();
        return new Order(id, id * 37 % 1000);
    }
}
