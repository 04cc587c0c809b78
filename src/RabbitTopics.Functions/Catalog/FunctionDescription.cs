using System.Reflection;

namespace RabbitTopics.Functions.Catalog;

/// <summary>A function of the app.</summary>
internal sealed record FunctionDescription(string Name, MethodInfo Method, IReadOnlyList<FunctionBinding> Bindings)
{
    /// <summary>Its RabbitMQ trigger, if that is what it has.</summary>
    public RabbitMQBinding? Trigger { get; init; } =
        Bindings.Where(binding => !binding.IsOutput).Select(RabbitMQBinding.Read).FirstOrDefault(trigger => trigger is not null);

    /// <summary>Whether its trigger's attribute is of our package, whose extension a Functions host then loads.</summary>
    public bool IsOfOurExtension => Method.GetParameters().SelectMany(parameter => parameter.CustomAttributes)
        .Any(attribute => attribute.AttributeType is { Name: "RabbitMQTriggerAttribute" } type && type.Assembly.GetName().Name == "RabbitTopics.Functions.RabbitMQ");

    public IReadOnlyList<TopicSubscriptionAttribute> Subscriptions { get; init; } = [];

    /// <summary>The topics that its result goes to.</summary>
    public IReadOnlyList<TopicOutput> Outputs { get; init; } = [];

    /// <summary>The parameters that it publishes with while it runs.</summary>
    public IReadOnlyList<TopicCollectorParameter> Collectors { get; init; } = [];

    public QueueOptionsAttribute? QueueOptions { get; init; }

    public ConsumeAttribute? Consume { get; init; }

    public ErrorPolicyAttribute? ErrorPolicy { get; init; }
}

/// <summary>A topic that a function publishes to, and what takes the value to publish from its result.</summary>
internal sealed record TopicOutput(TopicOutputAttribute Attribute, Func<object, object?> Read);

/// <summary>A parameter with <c>[TopicOutput]</c>, or of type <see cref="ITopicCollector{T}"/>; it should have both.</summary>
internal sealed record TopicCollectorParameter(string Name, Type Type, TopicOutputAttribute? Output)
{
    public bool HasCollectorType => Type.IsGenericType && Type.GetGenericTypeDefinition() == typeof(ITopicCollector<>);

    /// <summary>The parameters that are meant for collectors.</summary>
    public static IReadOnlyList<TopicCollectorParameter> Among(IEnumerable<TopicCollectorParameter> parameters) =>
        [.. parameters.Where(parameter => parameter.Output is not null || parameter.HasCollectorType)];
}
