using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Messages;
using RabbitTopics.Settling;
using RabbitTopics.Telemetry;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>A message as Microsoft's host delivered it. Only its binding data is there at first; the body comes when the
/// function's parameters are bound.</summary>
internal sealed class HostDelivery(Delivery delivery, DeliverySettler settler)
{
    /// <summary>At its fifth failure the host rejects a message, which the broker then drops.</summary>
    private const int MostRequeues = 4;

    private bool _hasBody;

    /// <summary>Begins the telemetry of its handling; null where nobody takes it.</summary>
    /// <param name="isLinked">Whether the span is linked to that of the publish, and not its child.</param>
    public HandlingTelemetry? BeginTelemetry(bool isLinked) => HandlingTelemetry.Begin(delivery, isLinked);

    /// <summary>The context of its invocation, with the trace of the message where the host gave none and the message has one.</summary>
    public FunctionContext WithTrace(FunctionContext context)
    {
        if (!string.IsNullOrEmpty(context.TraceContext.TraceParent))
        {
            return context;
        }

        var (parent, state) = TraceContextHeaders.ReadTexts(delivery.RawProperties);
        return parent.Length == 0 ? context : new TracedContext(context, parent, state);
    }

    public TopicMessage Message => delivery.Message;

    public TopicMessageActions Actions => delivery.Actions;

    /// <summary>Whether the function must not be tried again: it was begun and never ended too often, and after one more time the host would
    /// drop the message.</summary>
    public bool IsTheHostsLast => delivery.Message.HostRequeues >= MostRequeues
        || (settler.Options.OnError.MaxRedeliveries != ErrorPolicy.Unlimited && delivery.Message.HostRequeues > settler.Options.OnError.MaxRedeliveries);

    public void AddBody(ReadOnlyMemory<byte> body)
    {
        delivery.Message.SetBody(body);
        _hasBody = true;
    }

    /// <summary>Parks the message; false where that is not possible.</summary>
    public async Task<bool> TryParkAsync() => await TrySettleAsync(new RedeliveredTooOftenException(
        $"The host published the message {delivery.Message.HostRequeues} times again whose handling was begun and never settled, as when it ends the worker."), isStopping: false);

    /// <summary>Whether the host may acknowledge the message: it is done, or dropped, or a copy of it is safe. A copy is tried once, as the host
    /// waits for no invocation without end. Where it failed before its parameters were bound there is no body to copy.</summary>
    public async Task<bool> TrySettleAsync(Exception? failure, bool isStopping)
    {
        if (failure is null || _hasBody || settler.Options.AutoAck)
        {
            return await settler.TrySettleAsync(delivery, failure, isStopping, new CancellationToken(canceled: true));
        }

        delivery.End(DeliveryEnd.Returned);
        return false;
    }
}

/// <summary>A message was neither handled nor copied to where it belongs: the invocation has to fail, so that Microsoft's host keeps
/// the message.</summary>
internal sealed class HostDeliveryNotSettledException(string function, Exception? innerException)
    : Exception($"Function '{function}' did not handle its message, and no copy of it could be published; the host keeps it.", innerException);
