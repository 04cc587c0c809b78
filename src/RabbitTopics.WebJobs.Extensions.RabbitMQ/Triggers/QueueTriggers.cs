using System.Reflection;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Host.Triggers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Health;
using RabbitTopics.HostExtension;
using RabbitTopics.Messages;
using RabbitTopics.Receiving;
using RabbitTopics.Topology;

namespace RabbitTopics.WebJobs.Triggers;

/// <summary>Makes the trigger of each function that has a <see cref="RabbitMQTriggerAttribute"/>.</summary>
internal sealed class QueueTriggers(
    AppBrokers brokers, AppTopology topology, SettingReferences settings, QueueHealth health, MessageBody bodies, DeliveriesAtWork atWork,
    StopLimit stopLimit, IOptions<RabbitTopicsOptions> app, IOptions<TriggerOptions> hostJson, ExtensionLog loggers) : ITriggerBindingProvider
{
    private const int DefaultMessagesPerInstance = 100;

    private readonly ILogger _logger = loggers.CreateLogger("");

    /// <inheritdoc/>
    /// <exception cref="FormatException">An option makes no sense.</exception>
    /// <exception cref="MissingSettingException">The trigger refers to a setting that is not there.</exception>
    /// <exception cref="BrokerSettingException">The setting of the broker is not there, or is no AMQP URI.</exception>
    public Task<ITriggerBinding?> TryCreateAsync(TriggerBindingProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Task.FromResult<ITriggerBinding?>(
            context.Parameter.GetCustomAttribute<RabbitMQTriggerAttribute>(inherit: false) is { } trigger ? Make(trigger, context.Parameter) : null);
    }

    private QueueTrigger Make(RabbitMQTriggerAttribute trigger, ParameterInfo parameter)
    {
        if (trigger.Problem is { Length: > 0 } problem)
        {
            throw new FormatException(problem);
        }

        var queue = settings.Resolve(trigger.QueueName);
        if (string.IsNullOrWhiteSpace(queue))
        {
            throw new FormatException("A RabbitMQ trigger names an empty queue. Set its 'queueName'.");
        }

        var mode = ModeOf(trigger);
        var broker = brokers.Get(
            BrokerReference.SettingName(
                BrokerReference.Of(trigger.ConnectionStringSetting, trigger.HostName, trigger.UserNameSetting, trigger.PasswordSetting, trigger.Port, trigger.DisableCertificateValidation),
                app.Value.ConnectionStringSetting),
            mode);
        if (mode is not null && mode != broker.Mode)
        {
            throw new FormatException($"'topologyMode' of a RabbitMQ trigger is '{mode}', and another of the same broker has '{broker.Mode}'. Write the same in all of them.");
        }

        var options = app.Value.Handler.Clone();
        OptionsOf(trigger).ApplyTo(options);
        var consuming = new QueueConsumerOptions
        {
            Queue = queue,
            Handler = "", // The function's name, which is known when its listener is made.
            Topology = TopologyOf(trigger, broker.Endpoint.SettingName, queue),
            TopicHeader = trigger.TopicHeader ?? app.Value.TopicHeader,
            LinksTraces = app.Value.LinkTraces,
            HandlerOptions = options,
        };
        if (consuming.Topology is not null)
        {
            topology.Add(consuming.Topology);
        }

        return new QueueTrigger(broker, health, bodies, atWork, consuming, parameter, FirstSet(trigger.MessagesPerInstance, hostJson.Value.MessagesPerInstance, DefaultMessagesPerInstance), _logger, stopLimit);
    }

    private static TriggerOptions OptionsOf(RabbitMQTriggerAttribute trigger) => new()
    {
        PrefetchCount = trigger.PrefetchCount,
        Concurrency = trigger.Concurrency,
        PartitionKey = trigger.PartitionKey,
        Timeout = trigger.Timeout,
        LongRunningAfter = trigger.LongRunningAfter,
        AutoAck = trigger.AutoAck,
        OnError = trigger.OnError,
        RetryDelays = trigger.RetryDelays,
        MaxAttempts = trigger.MaxAttempts,
        MaxRedeliveries = trigger.MaxRedeliveries,
    };

    private static TopologyMode? ModeOf(RabbitMQTriggerAttribute trigger) => trigger.TopologyMode is not { Length: > 0 } text ? null
        : Enum.TryParse<TopologyMode>(text, ignoreCase: true, out var mode) && Enum.IsDefined(mode) ? mode
        : throw new FormatException($"'topologyMode' of a RabbitMQ trigger is '{text}'. Write one of: {string.Join(", ", Enum.GetNames<TopologyMode>())}.");

    private QueueTopology? TopologyOf(RabbitMQTriggerAttribute trigger, string setting, string queue)
    {
        if (trigger.Topology is { Length: > 0 } text)
        {
            return TopologyJson.Read(setting, queue, text);
        }

        if (trigger.Topics is not { Length: > 0 } topics)
        {
            return null;
        }

        var exchange = settings.Resolve(trigger.Exchange ?? app.Value.Exchange);
        return new QueueTopology(setting, queue, [.. settings.Resolve(topics).Split(',', StringSplitOptions.TrimEntries).Select(topic => new TopicBinding(exchange, topic))]);
    }

    private static int FirstSet(params int[] values) => Array.Find(values, value => value > 0);
}
