using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Messages;
using RabbitTopics.Telemetry;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>A message as a Functions host delivered it. Only its binding data is there at first; the body comes when the
/// function's parameters are bound.</summary>
internal abstract class HostDelivery(Delivery delivery)
{
    public TopicMessage Message => delivery.Message;

    public TopicMessageActions Actions => delivery.Actions;

    protected Delivery Delivery => delivery;

    /// <summary>Whether the body has come.</summary>
    protected bool HasBody { get; private set; }

    public void AddBody(ReadOnlyMemory<byte> body)
    {
        delivery.Message.SetBody(body);
        HasBody = true;
    }

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
}
