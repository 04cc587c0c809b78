using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitTopics.Connection;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.Envelope;
using RabbitTopics.Receive;
using RabbitTopics.Settle;

namespace RabbitTopics.Functions.Middleware;

/// <summary>Makes the deliveries of Microsoft's host what the library settles.</summary>
internal sealed class HostDeliveries(
    TriggerQueues queues, Brokers brokers, IOptions<RabbitTopicsOptions> app, TimeProvider time, ILogger<HostDeliveries> logger)
{
    private readonly ConcurrentDictionary<string, Handler?> _handlers = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The delivery of an invocation; null where it is not one of a RabbitMQ trigger.</summary>
    public HostDelivery? Read(FunctionContext context)
    {
        if (_handlers.GetOrAdd(context.FunctionDefinition.Name, NewHandler) is not { } handler
            || BindingDataMessage.Read(context.BindingContext.BindingData, app.Value.TopicHeader) is not { } message)
        {
            return null;
        }

        var data = context.BindingContext.BindingData;
        var delivery = new Delivery
        {
            Queue = handler.Queue,
            Handler = context.FunctionDefinition.Name,
            ConsumerTag = data.GetValueOrDefault("ConsumerTag") as string ?? "",
            DeliveryTag = ulong.TryParse(data.GetValueOrDefault("DeliveryTag") as string, CultureInfo.InvariantCulture, out var tag) ? tag : 0,
            Message = message,
            TopicHeader = app.Value.TopicHeader,
            Time = time.GetUtcNow(),
            RawProperties = message.Properties.Write(message.Headers),
        };
        delivery.Actions = new TopicMessageActions(handler.Copies, delivery, handler.Options);
        return new HostDelivery(delivery, handler.Options, handler.Settler, logger);
    }

    private Handler? NewHandler(string function)
    {
        if (queues.Find(function) is not { } queue)
        {
            return null;
        }

        var copies = new CopyPublisher(brokers.Get(queue.ConnectionStringSetting), queue.Topology?.Properties, time);
        return new Handler(queue.Queue, queue.Options, copies, new DeliverySettler(copies, queue.Options, logger));
    }

    private sealed record Handler(string Queue, HandlerOptions Options, CopyPublisher Copies, DeliverySettler Settler);
}
