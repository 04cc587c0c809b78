using RabbitTopics.Messages;
using RabbitTopics.Settling;
using RabbitTopics.Telemetry;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>A message that Microsoft's extension delivered. It cannot be settled but by way of copies.</summary>
internal sealed class MicrosoftDelivery(Delivery delivery, DeliverySettler settler) : HostDelivery(delivery)
{
    /// <summary>At its fifth failure the host rejects a message, which the broker then drops.</summary>
    private const int MostRequeues = 4;

    /// <summary>Begins the telemetry of its handling; null where nobody takes it.</summary>
    /// <param name="isLinked">Whether the span is linked to that of the publish, and not its child.</param>
    public HandlingTelemetry? BeginTelemetry(bool isLinked) => HandlingTelemetry.Begin(Delivery, isLinked);

    /// <summary>Whether the function must not be tried again: it was begun and never ended too often, and after one more time the host would
    /// drop the message.</summary>
    public bool IsTheHostsLast => Message.HostRequeues >= MostRequeues
        || (settler.Options.OnError.MaxRedeliveries != ErrorPolicy.Unlimited && Message.HostRequeues > settler.Options.OnError.MaxRedeliveries);

    /// <summary>Parks the message; false where that is not possible.</summary>
    public async Task<bool> TryParkAsync() => await TrySettleAsync(new RedeliveredTooOftenException(
        $"The host published the message {Message.HostRequeues} times again whose handling was begun and never settled, as when it ends the worker."), isStopping: false);

    /// <summary>Whether the host may acknowledge the message: it is done, or dropped, or a copy of it is safe. A copy is tried once, as the host
    /// waits for no invocation without end. Where it failed before its parameters were bound there is no body to copy.</summary>
    public async Task<bool> TrySettleAsync(Exception? failure, bool isStopping)
    {
        if (failure is null || HasBody || settler.Options.AutoAck)
        {
            return await settler.TrySettleAsync(Delivery, failure, isStopping, new CancellationToken(canceled: true));
        }

        Delivery.End(SettleAction.Return);
        return false;
    }
}

/// <summary>A message was neither handled nor copied to where it belongs: the invocation has to fail, so that Microsoft's host keeps
/// the message.</summary>
internal sealed class HostDeliveryNotSettledException(string function, Exception? innerException)
    : Exception($"Function '{function}' did not handle its message, and no copy of it could be published; the host keeps it.", innerException);
