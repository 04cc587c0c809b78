using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitTopics.Connections;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Receiving;
using RabbitTopics.Settling;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Makes the deliveries of Microsoft's host what the library settles.</summary>
internal sealed class HostDeliveries(
    TriggerQueues queues, Brokers brokers, IOptions<RabbitTopicsOptions> app, TimeProvider time, ILogger<HostDeliveries> logger)
{
    private readonly HostOrigins _origins = new();
    private readonly ConcurrentDictionary<string, Handler?> _handlers = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The delivery of an invocation; null where it is not one of a RabbitMQ trigger.</summary>
    public HostDelivery? Read(FunctionContext context)
    {
        if (_handlers.GetOrAdd(context.FunctionDefinition.Name, NewHandler) is not { } handler
            || BindingDataMessage.Read(context.BindingContext.BindingData, app.Value.TopicHeader) is not { } read)
        {
            return null;
        }

        var data = context.BindingContext.BindingData;
        var message = _origins.Restore(data, read, handler.Queue, app.Value.TopicHeader);
        var delivery = new Delivery
        {
            Queue = handler.Queue.Queue,
            Handler = context.FunctionDefinition.Name,
            ConsumerTag = data.GetValueOrDefault("ConsumerTag") as string ?? "",
            DeliveryTag = ulong.TryParse(data.GetValueOrDefault("DeliveryTag") as string, CultureInfo.InvariantCulture, out var tag) ? tag : 0,
            Message = message,
            TopicHeader = app.Value.TopicHeader,
            Time = time.GetUtcNow(),
            RawProperties = message.Properties.Write(message.Headers),
            NewActions = delivery => new TopicMessageActions(handler.Copies, delivery, handler.Queue.Options),
        };
        return new HostDelivery(delivery, handler.Queue.Options, handler.Settler, logger);
    }

    /// <summary>Leaves a delivery to the host, which publishes the message anew.</summary>
    public void LeaveToHost(FunctionContext context, HostDelivery delivery) => _origins.Remember(context.BindingContext.BindingData, delivery.Message);

    private Handler? NewHandler(string function)
    {
        if (queues.Find(function) is not { } queue)
        {
            return null;
        }

        var copies = new CopyPublisher(brokers.Get(queue.ConnectionStringSetting), queue.Topology?.Properties, time);
        return new Handler(queue, copies, new DeliverySettler(copies, queue.Options, logger));
    }

    private sealed record Handler(TriggerQueue Queue, CopyPublisher Copies, DeliverySettler Settler);
}
