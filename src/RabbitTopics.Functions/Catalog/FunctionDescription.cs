using System.Reflection;

namespace RabbitTopics.Functions.Catalog;

/// <summary>A function of the app.</summary>
/// <param name="Name">The name given to <c>[Function]</c>.</param>
/// <param name="Method">The method.</param>
/// <param name="Bindings">Its trigger, inputs and outputs.</param>
internal sealed record FunctionDescription(string Name, MethodInfo Method, IReadOnlyList<FunctionBinding> Bindings)
{
    /// <summary>Its RabbitMQ trigger, if that is what it has.</summary>
    public RabbitMQBinding? Trigger { get; init; } =
        Bindings.Where(binding => !binding.IsOutput).Select(RabbitMQBinding.Read).FirstOrDefault(trigger => trigger is not null);

    /// <summary>The topics of the trigger's queue.</summary>
    public IReadOnlyList<TopicSubscriptionAttribute> Subscriptions { get; init; } = [];

    /// <summary>The topics that its result goes to.</summary>
    public IReadOnlyList<TopicOutput> Outputs { get; init; } = [];

    /// <summary>The parameters that it publishes with while it runs.</summary>
    public IReadOnlyList<TopicCollectorParameter> Collectors { get; init; } = [];

    /// <summary>What kind of queue the trigger has.</summary>
    public QueueOptionsAttribute? QueueOptions { get; init; }

    /// <summary>How its messages are taken.</summary>
    public ConsumeAttribute? Consume { get; init; }

    /// <summary>What is done when it fails.</summary>
    public ErrorPolicyAttribute? ErrorPolicy { get; init; }
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
