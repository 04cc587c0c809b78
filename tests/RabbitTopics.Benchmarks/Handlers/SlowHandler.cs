using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Benchmarks.Measuring;

namespace RabbitTopics.Benchmarks.Handlers;

/// <summary>Waits, as a handler does that calls others.</summary>
public static class SlowHandler
{
    internal static readonly TimeSpan Duration = TimeSpan.FromMilliseconds(10);

    [Function("Slow")]
    public static async Task Run([RabbitMQTrigger("%BENCH_QUEUE%.slow", ConnectionStringSetting = "RabbitMQ")] Order order)
    {
        Tally.Current.Begin();
        await Task.Delay(Duration);
        Tally.Current.Handled(order.Number);
    }
}
