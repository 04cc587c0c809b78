using System.Text;
using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions;

namespace RabbitTopics.Testing.App;

/// <summary>Functions that end as their message says, one for each error policy.</summary>
public static class SettlingFunctions
{
    /// <summary>Delays of retries.</summary>
    [Function("Retry")]
    [ErrorPolicy(ErrorAction.Retry, Delays = "00:00:00.100, 00:00:00.200", MaxAttempts = 3)]
    [Consume(Timeout = "%LIMIT%")]
    public static Task Retry(
        [RabbitMQTrigger("%RUN%.retry-policy", ConnectionStringSetting = "RabbitMQ")][TopicSubscription("%RUN%.Retry")] TopicMessage message,
        TopicMessageActions actions, CancellationToken cancellationToken) => HandleAsync(message, actions, cancellationToken);

    /// <summary>At once.</summary>
    [Function("Requeue")]
    [ErrorPolicy(ErrorAction.Requeue, MaxAttempts = 3)]
    [Consume(Timeout = "%LIMIT%")]
    public static Task Requeue(
        [RabbitMQTrigger("%RUN%.requeue-policy", ConnectionStringSetting = "RabbitMQ")][TopicSubscription("%RUN%.Requeue")] TopicMessage message,
        TopicMessageActions actions, CancellationToken cancellationToken) => HandleAsync(message, actions, cancellationToken);

    /// <summary>Parks.</summary>
    [Function("DeadLetter")]
    [ErrorPolicy(ErrorAction.DeadLetter, MaxAttempts = 3)]
    [Consume(Timeout = "%LIMIT%")]
    public static Task DeadLetter(
        [RabbitMQTrigger("%RUN%.dead-letter-policy", ConnectionStringSetting = "RabbitMQ")][TopicSubscription("%RUN%.DeadLetter")] TopicMessage message,
        TopicMessageActions actions, CancellationToken cancellationToken) => HandleAsync(message, actions, cancellationToken);

    /// <summary>Drops.</summary>
    [Function("Discard")]
    [ErrorPolicy(ErrorAction.Discard, MaxAttempts = 3)]
    [Consume(Timeout = "%LIMIT%")]
    public static Task Discard(
        [RabbitMQTrigger("%RUN%.discard-policy", ConnectionStringSetting = "RabbitMQ")][TopicSubscription("%RUN%.Discard")] TopicMessage message,
        TopicMessageActions actions, CancellationToken cancellationToken) => HandleAsync(message, actions, cancellationToken);

    /// <summary>Says what the bytes are, or is poison.</summary>
    [Function("Typed")]
    public static void Typed([RabbitMQTrigger("%RUN%.typed", ConnectionStringSetting = "RabbitMQ")][TopicSubscription("%RUN%.typed")] Order order) => ArgumentNullException.ThrowIfNull(order);

    private static async Task HandleAsync(TopicMessage message, TopicMessageActions actions, CancellationToken cancellationToken)
    {
        switch (Encoding.UTF8.GetString(message.Body.Span))
        {
            case "exception":
                throw new InvalidOperationException("It fails.");
            case "exception once" when message.Attempt == 1:
                throw new InvalidOperationException("It fails the first time.");
            case "non-retryable":
                throw new NeverAgainException();
            case "timeout" or "shutdown":
                await Task.Delay(Timeout.Infinite, cancellationToken);
                break;
            case "complete":
                await actions.CompleteAsync(cancellationToken);
                break;
            case "abandon":
                await actions.AbandonAsync(cancellationToken);
                break;
            case "retry":
                await actions.RetryAsync(TimeSpan.FromMilliseconds(150), cancellationToken);
                break;
            case "dead-letter":
                await actions.DeadLetterAsync("odd", "It is odd.", cancellationToken);
                break;
            case "complete-then-throw":
                await actions.CompleteAsync(cancellationToken);
                throw new InvalidOperationException("It fails after that.");
            case "two-actions":
                await actions.DeadLetterAsync("first", cancellationToken: cancellationToken);
                await actions.CompleteAsync(cancellationToken);
                break;
        }
    }
}

/// <summary>No other attempt can help.</summary>
[NonRetryable]
public sealed class NeverAgainException() : Exception("Never again.");
