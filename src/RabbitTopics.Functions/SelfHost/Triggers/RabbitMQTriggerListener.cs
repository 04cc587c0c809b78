using System.Globalization;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.Deduplication;
using RabbitTopics.Functions.Middleware;
using RabbitTopics.Functions.SelfHost.Invocation;
using RabbitTopics.Health;
using RabbitTopics.Messages;
using RabbitTopics.Receiving;
using RabbitTopics.Settling;

namespace RabbitTopics.Functions.SelfHost.Triggers;

/// <summary>Invokes one function for each delivery of its queue.</summary>
internal sealed partial class RabbitMQTriggerListener : IAsyncDisposable
{
    private readonly LoadedFunction _function;
    private readonly FunctionInvoker _invoker;
    private readonly Deduplicator? _deduplication;
    private readonly ILogger _logger;
    private string? _expectedTopic;
    private bool _unexpectedIsSaid;

    public RabbitMQTriggerListener(LoadedFunction function, Broker broker, QueueConsumerOptions options,
        FunctionInvoker invoker, Deduplicator deduplication, QueueHealth health, ILogger logger)
    {
        (_function, Options, _logger) = (function, options, logger);
        _invoker = invoker;
        _deduplication = options.HandlerOptions.Deduplicate ? deduplication : null;
        Consumer = new QueueConsumer(broker, health, options, HandleAsync, logger);
    }

    /// <summary>The function's queue and name, and how its messages are handled.</summary>
    public QueueConsumerOptions Options { get; }

    /// <summary>Takes the messages of the queue.</summary>
    public QueueConsumer Consumer { get; }

    public void Start() => Consumer.Start();

    public Task StopAsync(CancellationToken cancellationToken) => Consumer.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => Consumer.DisposeAsync();

    private async ValueTask HandleAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        WarnOfOldBinding(delivery);
        try
        {
            await (_deduplication is null ? InvokeAsync(delivery, cancellationToken) : InvokeOnceAsync(_deduplication, delivery, cancellationToken));
        }
        catch (Exception exception)
        {
            ExceptionDispatchInfo.Throw(TopicMessageMiddleware.Failure(exception));
        }
    }

    /// <summary>Logs once that a message arrived with a topic that no subscription of the function matches. The bindings of a queue cannot be listed
    /// over AMQP. A copy of ours came another way when it was first delivered.</summary>
    private void WarnOfOldBinding(Delivery message)
    {
        if (_unexpectedIsSaid || message.RoutingKey == _expectedTopic || Options.Topology?.Bindings.Where(binding => binding.Exchange == message.Exchange).ToArray() is not [_, ..] bindings)
        {
            return;
        }

        if (message.RawProperties.Headers?.ContainsKey("CC") == true || bindings.Any(binding => binding.MayRoute(message.RoutingKey)))
        {
            _expectedTopic = message.RoutingKey;
            return;
        }

        _unexpectedIsSaid = true;
        UnexpectedTopic(Options.Queue, message.RoutingKey, message.Exchange, _function.Name);
    }

    /// <summary>The function and all of its outputs: only then a message counts as handled, for its de-duplication too.</summary>
    private Task InvokeAsync(Delivery delivery, CancellationToken cancellationToken) =>
        _invoker.InvokeAsync(_function, new DeliveryTrigger(_function.TriggerParameter.Name, delivery), cancellationToken);

    private Task InvokeOnceAsync(Deduplicator deduplication, Delivery delivery, CancellationToken cancellationToken) =>
        deduplication.HandleAsync(_function.Name, Readable(delivery), delivery.Actions, () => InvokeAsync(delivery, cancellationToken), outputsFollow: false, cancellationToken);

    private static TopicMessage Readable(Delivery delivery)
    {
        var message = delivery.Message;
        return delivery.Obstacle is { } obstacle ? throw new PoisonMessageException(obstacle) : message;
    }

    [LoggerMessage(LogLevel.Warning, "Queue '{Queue}' gets the topic '{Topic}' from exchange '{Exchange}', which no [TopicSubscription] of '{Function}' asks for. RabbitMQ keeps the bindings of earlier "
        + "subscriptions: remove one with [TopicSubscription(\"PATTERN\", Remove = true)] beside the others, or with "
        + "'rabbitmqadmin delete binding source={Exchange} destination_type=queue destination={Queue} properties_key=PATTERN' ('rabbitmqctl list_bindings' shows them).")]
    private partial void UnexpectedTopic(string queue, string topic, string exchange, string function);

    private sealed class DeliveryTrigger(string parameter, Delivery delivery) : FunctionTrigger(parameter)
    {
        /// <summary>Few ask for it: a converter of ours reads the delivery.</summary>
        public override object Value => field ??= delivery.Body.Keep();

        public override IReadOnlyBasicProperties? MessageProperties => delivery.RawProperties;

        public override object? Feature(Type type) => type == typeof(Delivery) ? delivery
            : type == typeof(TopicMessage) ? Readable(delivery)
            : type == typeof(TopicMessageActions) ? delivery.Actions
            : null;

        /// <summary>The binding data that Microsoft's extension gives, as text, without what it says of body and
        /// properties.</summary>
        protected override Dictionary<string, object?> ReadBindingData() => new(StringComparer.OrdinalIgnoreCase)
        {
            ["ConsumerTag"] = delivery.ConsumerTag,
            ["DeliveryTag"] = delivery.DeliveryTag.ToString(CultureInfo.InvariantCulture),
            ["Redelivered"] = delivery.Message.Redelivered ? "true" : "false",
            ["Exchange"] = delivery.Message.Exchange,
            ["RoutingKey"] = delivery.Message.RoutingKey,
        };
    }
}
