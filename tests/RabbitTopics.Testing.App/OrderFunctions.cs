using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using RabbitTopics.Functions;

namespace RabbitTopics.Testing.App;

/// <summary>An order.</summary>
public sealed record Order(int Id, string Article);

/// <summary>Says that an order was sent.</summary>
public sealed record Sent(int Id, DateTimeOffset At);

/// <summary>Functions as people write them.</summary>
public sealed class OrderFunctions(IStock stock, ITopicPublisher publisher, TimeProvider time)
{
    /// <summary>Publishes its result.</summary>
    [Function("Send")]
    [ErrorPolicy(ErrorAction.Retry, Delays = "00:00:01, 00:00:05, 00:00:25", MaxAttempts = 4)]
    [TopicOutput("orders.sent")]
    public async Task<Sent> Send([RabbitMQTrigger("orders", ConnectionStringSetting = "RabbitMQ")][TopicSubscription("orders.*")] Order order)
    {
        await stock.TakeAsync(order.Article);
        return new Sent(order.Id, time.GetUtcNow());
    }

    /// <summary>Takes what is published to its queue.</summary>
    [Function("Plain")]
    public Task Plain([RabbitMQTrigger("plain", ConnectionStringSetting = "RabbitMQ")] string text, TopicMessage message) =>
        publisher.PublishAsync("plain.seen", $"{text} {message.Topic} {message.Headers.GetString("kind")}", new PublishOptions { Headers = message.Headers, Delay = TimeSpan.FromSeconds(90) });

    /// <summary>Runs five minutes after its last run.</summary>
    [Function("Sweep")]
    public void Sweep([TimerTrigger("00:05:00")] TimerInfo timer, FunctionContext context)
    {
        var status = timer.ScheduleStatus!;
        context.GetLogger("Sweep").LogInformation("Swept at {Now:HH:mm}, due {Due:HH:mm}, last {Last:HH:mm}.", time.GetUtcNow(), status.Next, status.Last);
    }

    /// <summary>Runs every five minutes.</summary>
    [Function("Remind")]
    [TopicOutput("reminders")]
    public string Remind([TimerTrigger("0 */5 * * * *")] TimerInfo timer) => $"{time.GetUtcNow():HH:mm:ss} {timer.IsPastDue}";
}
