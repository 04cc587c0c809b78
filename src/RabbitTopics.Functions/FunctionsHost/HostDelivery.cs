using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using RabbitTopics.Receiving;
using RabbitTopics.Settling;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>A message as Microsoft's host delivered it. Only its binding data is there at first; the body comes when the
/// function's parameters are bound.</summary>
internal sealed class HostDelivery(Delivery delivery, HandlerOptions options, DeliverySettler settler, ILogger logger)
{
    /// <summary>At its fifth failure the host rejects a message, which the broker then drops (azure-host-facts.md).</summary>
    private const int MostRequeues = 4;

    private bool _hasBody;

    public TopicMessage Message => delivery.Message;

    public TopicMessageActions Actions => delivery.Actions;

    /// <summary>Whether the function must not be tried again: it was begun and never ended too often, and after one more time the host would
    /// drop the message.</summary>
    public bool IsTheHostsLast => delivery.Message.HostRequeues >= MostRequeues
        || (options.OnError.MaxRedeliveries != ErrorPolicy.Unlimited && delivery.Message.HostRequeues > options.OnError.MaxRedeliveries);

    public void AddBody(ReadOnlyMemory<byte> body)
    {
        delivery.Message.SetBody(body);
        _hasBody = true;
    }

    /// <summary>Parks the message; false where that is not possible.</summary>
    public async Task<bool> TryParkAsync() => _hasBody && await settler.TrySettleAsync(delivery, new HandlerResult(DeliveryOutcome.RedeliveredTooOften,
        new InvalidOperationException($"The host published the message {delivery.Message.HostRequeues} times again whose handling was begun and never settled, as when it ends the worker.")));

    /// <summary>Whether the host may acknowledge the message: it is done, or dropped, or a copy of it is safe.</summary>
    public async Task<bool> TrySettleAsync(Exception? failure, bool isStopping)
    {
        var outcome = failure switch
        {
            null => DeliveryOutcome.Succeeded,
            _ when isStopping => DeliveryOutcome.Stopped,
            FunctionInputConverterException => DeliveryOutcome.Poison,
            _ => DeliveryOutcome.Failed,
        };
        if (options.AutoAck && failure is not null)
        {
            logger.LogError(failure, "Handler '{Handler}' did not handle a message of queue '{Queue}' with topic '{Topic}', which is lost, as AutoAck says.",
                delivery.Handler, delivery.Queue, delivery.Message.Topic);
            return true;
        }

        if (failure is not null && !_hasBody)
        {
            return false; // It failed before its parameters were bound, and a copy without the body is none.
        }

        return await settler.TrySettleAsync(delivery, new HandlerResult(outcome, failure));
    }
}

/// <summary>A message was neither handled nor copied to where it belongs: the invocation has to fail, so that Microsoft's host keeps
/// the message.</summary>
internal sealed class HostDeliveryNotSettledException(string function, Exception? innerException)
    : Exception($"Function '{function}' did not handle its message, and no copy of it could be published; the host keeps it.", innerException);
