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
    ErrorPolicyAttribute? ErrorPolicy = null)
{
    /// <summary>The parameters that it publishes with while it runs.</summary>
    public IReadOnlyList<TopicCollectorParameter> Collectors { get; init; } = [];
}

/// <summary>A topic that a function publishes to.</summary>
/// <param name="Attribute">The topic.</param>
/// <param name="Read">Takes the value to publish from the function's result.</param>
internal sealed record TopicOutput(TopicOutputAttribute Attribute, Func<object, object?> Read);

/// <summary>A parameter with <c>[TopicOutput]</c>, or of type <see cref="ITopicCollector{T}"/>; it should have both.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Output">The topic.</param>
internal sealed record TopicCollectorParameter(string Name, Type Type, TopicOutputAttribute? Output)
{
    public bool HasCollectorType => Type.IsGenericType && Type.GetGenericTypeDefinition() == typeof(ITopicCollector<>);

    /// <summary>The parameters that are meant for collectors.</summary>
    public static IReadOnlyList<TopicCollectorParameter> Among(IEnumerable<TopicCollectorParameter> parameters) =>
        [.. parameters.Where(parameter => parameter.Output is not null || parameter.HasCollectorType)];
}
