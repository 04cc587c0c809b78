using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitTopics.Brokers;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.HostExtension;
using RabbitTopics.Messages;
using RabbitTopics.Settling;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Makes deliveries of what a Functions host says of them. Which extension delivered shows in the binding data.</summary>
internal sealed class HostDeliveries(
    TriggerQueues queues, AppBrokers brokers, SettlementClient extension, IOptions<RabbitTopicsOptions> app, TimeProvider time, ILogger<HostDeliveries> logger)
{
    private readonly HostOrigins _origins = new();
    private readonly ConcurrentDictionary<string, Handler?> _handlers = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The delivery of an invocation; null where it is not one of a RabbitMQ trigger.</summary>
    public HostDelivery? Read(FunctionContext context)
    {
        if (_handlers.GetOrAdd(context.FunctionDefinition.Name, NewHandler) is not { } handler)
        {
            return null;
        }

        return context.BindingContext.BindingData.GetValueOrDefault(DeliveryData.Name) is string ours ? OfExtension(DeliveryData.Read(ours), handler) : OfMicrosoft(context, handler);
    }

    /// <summary>Leaves a delivery to the host, which publishes the message anew.</summary>
    public void LeaveToHost(FunctionContext context, HostDelivery delivery) => _origins.Remember(context.BindingContext.BindingData, delivery.Message);

    private ExtensionDelivery OfExtension(DeliveryData data, Handler handler)
    {
        var message = Envelope.Read(
            HeaderTable.Read(data.Properties.Headers), data.Properties, data.Exchange, data.RoutingKey, data.Redelivered, ReadOnlyMemory<byte>.Empty, app.Value.TopicHeader);
        var source = handler.Source with { NewActions = _ => new ExtensionActions(data.Id, handler.Queue.Queue, extension) };
        var delivery = new Delivery(source, message, data.Properties) { ConsumerTag = data.ConsumerTag, DeliveryTag = data.DeliveryTag, Time = time.GetUtcNow() };
        return new ExtensionDelivery(delivery, data.Id, extension, handler.Settler);
    }

    private MicrosoftDelivery? OfMicrosoft(FunctionContext context, Handler handler)
    {
        if (BindingDataMessage.Read(context.BindingContext.BindingData, app.Value.TopicHeader) is not { } read)
        {
            return null;
        }

        var data = context.BindingContext.BindingData;
        var message = _origins.Restore(data, read, handler.Queue, app.Value.TopicHeader);
        var delivery = new Delivery(handler.Source, message, message.Properties.Write(message.Headers))
        {
            ConsumerTag = data.GetValueOrDefault("ConsumerTag") as string ?? "",
            DeliveryTag = ulong.TryParse(data.GetValueOrDefault("DeliveryTag") as string, CultureInfo.InvariantCulture, out var tag) ? tag : 0,
            Time = time.GetUtcNow(),
        };
        return new MicrosoftDelivery(delivery, handler.Settler);
    }

    private Handler? NewHandler(string function)
    {
        if (queues.Find(function) is not { } queue)
        {
            return null;
        }

        var settler = new DeliverySettler(brokers.Get(queue.ConnectionStringSetting), queue.Topology?.Properties, queue.Options, logger);
        return new Handler(queue, settler, settler.Source(queue.Queue, function, app.Value.TopicHeader));
    }

    private sealed record Handler(TriggerQueue Queue, DeliverySettler Settler, DeliverySource Source);
}
