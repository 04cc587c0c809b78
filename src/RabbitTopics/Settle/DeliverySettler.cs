using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Connection;
using RabbitTopics.Receive;

namespace RabbitTopics.Settle;

/// <summary>Performs what <see cref="SettlePolicy"/> decided on a delivery.</summary>
internal sealed class DeliverySettler(Broker broker, ILogger logger)
{
    private readonly DeadLetterQueue _deadLetters = new(broker.Publisher);

    /// <summary>Settles a delivery. Does not throw: where the broker cannot be told, its own rule applies, and the message
    /// is delivered again.</summary>
    public async Task SettleAsync(IChannel channel, Delivery delivery, HandlerResult result, CancellationToken stopping)
    {
        try
        {
            switch (SettlePolicy.Decide(result.Outcome))
            {
                case SettleAction.Complete:
                    await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, CancellationToken.None);
                    break;

                case SettleAction.DeadLetter when await TryParkAsync(delivery, result, stopping):
                    await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, CancellationToken.None);
                    break;

                default:
                    await Task.Delay(SettlePolicy.RequeueDelay, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    await channel.BasicNackAsync(delivery.DeliveryTag, multiple: false, requeue: true, CancellationToken.None);
                    break;
            }
        }
        catch (Exception exception) when (exception is OperationInterruptedException or IOException or ObjectDisposedException)
        {
            logger.LogWarning("Delivery {DeliveryTag} of queue '{Queue}' could not be settled, as its channel is gone; the broker delivers it again.",
                delivery.DeliveryTag, delivery.Queue);
        }
    }

    private async Task<bool> TryParkAsync(Delivery delivery, HandlerResult result, CancellationToken stopping)
    {
        try
        {
            var parkedIn = await _deadLetters.ParkAsync(delivery, result.Error, stopping);
            logger.LogError("A message of queue '{Queue}' with topic '{Topic}' cannot be handled and is parked in '{DeadLetterQueue}': {Reason}",
                delivery.Queue, delivery.Message.Topic, parkedIn, result.Error?.Message);
            return true;
        }
        catch (Exception exception)
        {
            logger.LogError("A message of queue '{Queue}' cannot be handled, nor parked, and stays in its queue: {Reason}",
                delivery.Queue, exception.Message);
            return false;
        }
    }
}
