using Microsoft.Azure.Functions.Worker;

namespace RabbitTopics.Functions.Catalog;

/// <summary>What the attributes on a function say of its topics.</summary>
/// <param name="Name">The function.</param>
/// <param name="Trigger">Its RabbitMQ trigger, if that is what it has.</param>
/// <param name="Subscriptions">The topics of the trigger's queue.</param>
/// <param name="Outputs">Where its result goes.</param>
/// <param name="QueueOptions">What kind of queue the trigger has.</param>
/// <param name="Consume">How its messages are taken.</param>
/// <param name="ErrorPolicy">What is done when it fails.</param>
internal sealed record FunctionDescription(
    string Name,
    RabbitMQTriggerAttribute? Trigger,
    IReadOnlyList<TopicSubscriptionAttribute> Subscriptions,
    IReadOnlyList<TopicOutput> Outputs,
    QueueOptionsAttribute? QueueOptions = null,
    ConsumeAttribute? Consume = null,
    ErrorPolicyAttribute? ErrorPolicy = null);

/// <summary>A topic that a function publishes to.</summary>
/// <param name="Attribute">The topic.</param>
/// <param name="Read">Takes the value to publish from the function's result.</param>
internal sealed record TopicOutput(TopicOutputAttribute Attribute, Func<object, object?> Read);
