using System.Reflection;
using System.Text;
using Microsoft.Azure.WebJobs.Host.Bindings;
using Microsoft.Azure.WebJobs.Host.Listeners;
using Microsoft.Azure.WebJobs.Host.Protocols;
using Microsoft.Azure.WebJobs.Host.Triggers;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.Health;
using RabbitTopics.Messages;
using RabbitTopics.Receiving;
using RabbitTopics.WebJobs.Scaling;

namespace RabbitTopics.WebJobs.Triggers;

/// <summary>The trigger of one function: what its parameter and its binding data are made of, and its listener.</summary>
internal sealed class QueueTrigger(
    Broker broker, QueueHealth health, MessageBody bodies, DeliveriesAtWork atWork, QueueConsumerOptions options, ParameterInfo parameter, int messagesPerInstance, ILogger logger, StopLimit stopLimit)
    : ITriggerBinding
{
    /// <summary>Where the host gives a text in place of a delivery: a run by hand.</summary>
    private readonly DeliverySource _byHand = new(options.Queue, options.Handler, options.TopicHeader, static _ => throw new InvalidOperationException("A message that came from no queue cannot be settled."));

    public Type TriggerValueType => typeof(TriggerValue);

    public IReadOnlyDictionary<string, Type> BindingDataContract => TriggerValue.Contract;

    public Task<ITriggerData> BindAsync(object value, ValueBindingContext context)
    {
        var trigger = value as TriggerValue ?? ByHand(value as string ?? throw new InvalidOperationException("A function with a RabbitMQ trigger that is run by hand takes a text as its input, the body."));
        return Task.FromResult<ITriggerData>(new TriggerData(new ParameterValue(trigger, parameter.ParameterType, bodies), trigger.BindingData()));
    }

    public Task<IListener> CreateListenerAsync(ListenerFactoryContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var consuming = options with { Handler = context.Descriptor.LogName ?? context.Descriptor.ShortName };
        return Task.FromResult<IListener>(new QueueListener(
            broker, health, consuming, context.Executor, atWork, new QueueScaling(broker, options.Queue, context.Descriptor.Id, messagesPerInstance), logger, stopLimit));
    }

    public ParameterDescriptor ToParameterDescriptor() => new TriggerParameterDescriptor
    {
        Name = parameter.Name,
        Type = "RabbitMQ",
        DisplayHints = new ParameterDisplayHints { Description = $"message of RabbitMQ queue '{options.Queue}'", Prompt = "The body of a message" },
    };

    private TriggerValue ByHand(string body) =>
        TriggerValue.Of(new Delivery(_byHand, redelivered: false, "", options.Queue, new BasicProperties(), PooledBody.Copy(Encoding.UTF8.GetBytes(body))), id: "");

    private sealed class ParameterValue(TriggerValue trigger, Type type, MessageBody bodies) : IValueProvider
    {
        public Type Type => type;

        public Task<object?> GetValueAsync() => Task.FromResult<object?>(trigger.Read(type, bodies));

        /// <summary>What the host shows of it: no body, which may be anything.</summary>
        public string ToInvokeString() => trigger.Delivery.MessageId ?? "";
    }
}
