using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions;

namespace RabbitTopics.Tracing.App;

/// <summary>A timer that publishes, a handler that fails once and publishes, a second handler; and one that tells its context.</summary>
public static class TracedFunctions
{
    [Function("Tick")]
    [TopicOutput("%RUN%.first")]
    public static string Tick([TimerTrigger("0 0 0 1 1 *")] TimerInfo timer) => "tick";

    [Function("FailingTick")]
    public static void FailingTick([TimerTrigger("0 0 0 1 1 *")] TimerInfo timer) => throw new InvalidOperationException("It fails.");

    [Function("First")]
    [TopicOutput("%RUN%.second")]
    [ErrorPolicy(ErrorAction.Retry, Delays = "00:00:00.100")]
    public static string First(
        [RabbitMQTrigger("%RUN%.First", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%RUN%.first")]
        TopicMessage message) =>
        message.Attempt == 1 ? throw new InvalidOperationException("It fails the first time.") : "second";

    [Function("Second")]
    public static void Second(
        [RabbitMQTrigger("%RUN%.Second", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%RUN%.second")]
        string text)
    {
    }

    [Function("Context")]
    [RabbitMQOutput(QueueName = "%RUN%.seen", ConnectionStringSetting = "RabbitMQ")]
    public static string Context(
        [RabbitMQTrigger("%RUN%.Context", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%RUN%.context")]
        string text,
        FunctionContext context) =>
        $"{text}|{context.TraceContext.TraceParent}|{context.TraceContext.TraceState}|{context.GetTopicMessage()?.Topic}";
}
