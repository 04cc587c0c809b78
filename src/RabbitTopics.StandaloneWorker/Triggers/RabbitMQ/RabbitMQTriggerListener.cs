using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using RabbitTopics.Connection;
using RabbitTopics.Receive;
using RabbitTopics.Settle;
using RabbitTopics.StandaloneWorker.Invocation;

namespace RabbitTopics.StandaloneWorker.Triggers.RabbitMQ;

/// <summary>Invokes one function for each delivery of its queue.</summary>
internal sealed class RabbitMQTriggerListener : ITriggerListener
{
    private readonly StandaloneFunctionDefinition _function;
    private readonly FunctionInvoker _invoker;
    private readonly QueueConsumer _consumer;

    public RabbitMQTriggerListener(StandaloneFunctionDefinition function, Broker broker, QueueConsumerOptions options,
        FunctionInvoker invoker, ILogger logger)
    {
        _function = function;
        _invoker = invoker;
        _consumer = new QueueConsumer(broker, options, HandleAsync, logger);
    }

    public void Start() => _consumer.Start();

    public Task StopAsync(CancellationToken cancellationToken) => _consumer.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _consumer.DisposeAsync();

    private async Task<HandlerResult> HandleAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var trigger = new FunctionTrigger(delivery.Message.Body, () => BindingData(delivery));
        trigger.Features.Set(delivery.Message);
        trigger.Features.Set(delivery.Actions);
        try
        {
            await _invoker.InvokeAsync(_function, trigger, cancellationToken);
            return new HandlerResult(DeliveryOutcome.Succeeded);
        }
        catch (FunctionInputConverterException exception)
        {
            return new HandlerResult(DeliveryOutcome.Poison, exception);
        }
        catch (Exception exception)
        {
            return new HandlerResult(DeliveryOutcome.Failed, exception);
        }
    }

    /// <summary>The binding data that Microsoft's extension gives, as text, without what it says of body and
    /// properties.</summary>
    private static Dictionary<string, object?> BindingData(Delivery delivery) => new(StringComparer.OrdinalIgnoreCase)
    {
        ["ConsumerTag"] = delivery.ConsumerTag,
        ["DeliveryTag"] = delivery.DeliveryTag.ToString(CultureInfo.InvariantCulture),
        ["Redelivered"] = delivery.Message.Redelivered ? "true" : "false",
        ["Exchange"] = delivery.Message.Exchange,
        ["RoutingKey"] = delivery.Message.RoutingKey,
    };
}
