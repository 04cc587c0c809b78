using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Receiving;

namespace RabbitTopics.Settling;

/// <summary>Performs what <see cref="SettlePolicy"/> decided on a delivery. A copy is confirmed before the original is
/// acknowledged, and where it cannot be, the broker gets the original back.</summary>
internal sealed class DeliverySettler(CopyPublisher copies, HandlerOptions options, ILogger logger)
{
    /// <summary>How long a delivery is held that goes back because its copy was not taken, so that a fault that lasts does
    /// not spin.</summary>
    private static readonly TimeSpan ReturnDelay = TimeSpan.FromSeconds(1);

    /// <summary>How long the client may take to write an acknowledgement: longer where the broker does not read, and then it is delivered
    /// again or was written after all.</summary>
    private static readonly TimeSpan TellTime = TimeSpan.FromSeconds(5);

    /// <summary>Settles a delivery. Does not throw: where the broker cannot be told, its own rule applies, and the message
    /// is delivered again.</summary>
    public async Task SettleAsync(IChannel channel, Delivery delivery, HandlerResult result, CancellationToken stopping)
    {
        if (await TrySettleAsync(delivery, result))
        {
            await TryAcknowledgeAsync(channel, delivery);
            return;
        }

        if (result.Outcome != DeliveryOutcome.Stopped)
        {
            await Task.Delay(ReturnDelay, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await TryTellAsync(delivery, channel.BasicNackAsync(delivery.DeliveryTag, multiple: false, requeue: true, CancellationToken.None));
    }

    /// <summary>Acknowledges a delivery; false where the broker cannot be told, and delivers it again.</summary>
    public Task<bool> TryAcknowledgeAsync(IChannel channel, Delivery delivery) =>
        TryTellAsync(delivery, channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, CancellationToken.None));

    private async Task<bool> TryTellAsync(Delivery delivery, ValueTask telling)
    {
        try
        {
            if (!telling.IsCompletedSuccessfully)
            {
                // The client can wait for ever on a connection that is gone (rabbitmq-dotnet-client #1930), and the consumer with it.
                await telling.AsTask().WaitAsync(TellTime);
            }

            return true;
        }
        catch (Exception exception) when (exception is OperationInterruptedException or IOException or ObjectDisposedException or TimeoutException)
        {
            logger.LogWarning("Delivery {DeliveryTag} of queue '{Queue}' could not be settled, as its channel is gone; the broker delivers it again.",
                delivery.DeliveryTag, delivery.Queue);
            return false;
        }
    }

    /// <summary>Whether the original may be acknowledged: the message is done, or dropped, or a copy of it is safe.</summary>
    public async ValueTask<bool> TrySettleAsync(Delivery delivery, HandlerResult result)
    {
        if (delivery.ActionsInUse is { } actions && await actions.CloseAsync())
        {
            if (result.Error is { } afterwards)
            {
                logger.LogError(afterwards, "Handler '{Handler}' settled a message with topic '{Topic}' and failed afterwards; it stays settled.",
                    delivery.Handler, delivery.Message.Topic);
            }

            return true;
        }

        var outcome = result.Outcome == DeliveryOutcome.Failed && IsExcluded(result.Error) ? DeliveryOutcome.NonRetryable : result.Outcome;
        var decision = SettlePolicy.Decide(outcome, delivery.Message.Attempt, options.OnError);
        try
        {
            switch (decision.Action)
            {
                case SettleAction.Complete:
                    return true;

                case SettleAction.Requeue:
                    await copies.RequeueAsync(delivery);
                    Report(LogLevel.Error, delivery, result, "it is delivered again from the end of its queue");
                    return true;

                case SettleAction.Retry:
                    await copies.RetryAsync(delivery, decision.Delay);
                    Report(LogLevel.Error, delivery, result, $"it is delivered again in {decision.Delay.TotalSeconds:0.###} s");
                    return true;

                case SettleAction.DeadLetter:
                    var parkedIn = await copies.ParkAsync(delivery, new DeadLetter(decision.Reason!, result.Error?.Message, result.Error));
                    Report(LogLevel.Error, delivery, result, $"it is parked in '{parkedIn}' ({decision.Reason})");
                    return true;

                case SettleAction.Discard:
                    Report(LogLevel.Warning, delivery, result, "it is dropped, as the handler's error policy says");
                    return true;

                default:
                    return false;
            }
        }
        catch (Exception exception)
        {
            Report(LogLevel.Error, delivery, result, $"it stays in its queue, as its copy could not be published: {exception.Message}");
            return false;
        }
    }

    /// <summary>Asks the policy; a predicate of the app's that itself throws has not excluded anything.</summary>
    private bool IsExcluded(Exception? error)
    {
        try
        {
            return options.OnError.Excludes(error);
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "ErrorPolicy.IsNonRetryable failed on a {Error}, which counts as one that may be retried.", error?.GetType());
            return false;
        }
    }

    private void Report(LogLevel level, Delivery delivery, HandlerResult result, string consequence) => logger.Log(level, result.Error,
        "Handler '{Handler}', attempt {Attempt}: a message of queue '{Queue}' with topic '{Topic}' was not handled ({Outcome}); {Consequence}.",
        delivery.Handler, delivery.Message.Attempt, delivery.Queue, delivery.Message.Topic, result.Outcome, consequence);
}
