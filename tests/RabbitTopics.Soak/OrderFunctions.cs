using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions;

namespace RabbitTopics.Soak;

/// <summary>Four functions, each with a policy and a concurrency of its own.</summary>
public sealed class OrderFunctions(Tally tally)
{
    public const int Count = 4;

    /// <summary>Their names, to disable them by.</summary>
    public static readonly string[] Names = [nameof(OneAfterAnother), nameof(SideBySide), nameof(Requeuing), nameof(Acting)];

    [Function("OneAfterAnother")]
    [ErrorPolicy(ErrorAction.Retry, Delays = "00:00:00.100, 00:00:00.500", MaxAttempts = 3)]
    public void OneAfterAnother(
        [RabbitMQTrigger("soak.0")][TopicSubscription("soak.0")] Order order) => tally.Handle(order);

    [Function("SideBySide")]
    [Consume(Concurrency = 16, Prefetch = 100)]
    [ErrorPolicy(ErrorAction.Retry, Delays = "00:00:00.200", MaxAttempts = 3)]
    public async Task SideBySide(
        [RabbitMQTrigger("soak.1")][TopicSubscription("soak.1")] Order order)
    {
        await Task.Yield();
        tally.Handle(order);
    }

    [Function("Requeuing")]
    [Consume(Concurrency = 8, Prefetch = 50)]
    [ErrorPolicy(ErrorAction.Requeue, MaxAttempts = 3)]
    public void Requeuing(
        [RabbitMQTrigger("soak.2")][TopicSubscription("soak.2")] Order order) => tally.Handle(order);

    /// <summary>Settles itself what fails.</summary>
    [Function("Acting")]
    [Consume(Concurrency = 4, PartitionKey = "correlation-id")]
    public async Task Acting(
        [RabbitMQTrigger("soak.3")][TopicSubscription("soak.3")][QueueOptions(Type = "quorum")] Order order, TopicMessageActions actions)
    {
        try
        {
            tally.Handle(order);
        }
        catch (InvalidOperationException) when (order.Fate == Fate.AlwaysFails)
        {
            await actions.DeadLetterAsync("soaked");
        }
        catch (InvalidOperationException)
        {
            await actions.RetryAsync(TimeSpan.FromMilliseconds(100));
        }
    }
}
