using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Benchmarks.Measuring;

namespace RabbitTopics.Benchmarks.Handlers;

/// <summary>Does nothing but be counted, so that only the way to it is measured.</summary>
public static class EmptyHandler
{
    [Function("Empty")]
    public static void Run([RabbitMQTrigger("%BENCH_QUEUE%.empty", ConnectionStringSetting = "RabbitMQ")] Order order) =>
        Tally.Current.Handled(order.Number);
}
