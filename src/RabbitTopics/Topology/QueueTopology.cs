namespace RabbitTopics.Topology;

/// <summary>A queue of a subscription, and the topics that reach it.</summary>
/// <param name="ConnectionStringSetting">The setting that names the broker.</param>
/// <param name="Queue">The queue.</param>
/// <param name="Bindings">What is bound to it.</param>
internal sealed record QueueTopology(string ConnectionStringSetting, string Queue, IReadOnlyList<TopicBinding> Bindings)
{
    /// <summary>What kind of queue it is. Default: durable, and for the rest as the broker has it.</summary>
    public QueueProperties Properties { get; init; } = new();

    /// <summary>What is no longer to be bound to it. Default: none.</summary>
    public IReadOnlyList<TopicBinding> Removed { get; init; } = [];
}

/// <summary>One topic, or pattern of topics, on one exchange.</summary>
/// <param name="Exchange">The exchange.</param>
/// <param name="Topic">The binding key; <c>*</c> stands for one word, <c>#</c> for any number of words.</param>
internal sealed record TopicBinding(string Exchange, string Topic)
{
    /// <summary>The exchange's type. Default: that of the broker's own exchange of the name, else topic.</summary>
    public string ExchangeType { get; init; } = ExchangeTypes.OfName(Exchange) ?? RabbitMQ.Client.ExchangeType.Topic;

    /// <summary>The binding's arguments, which a headers exchange goes by
    /// (https://www.rabbitmq.com/tutorials/amqp-concepts#exchange-headers). Default: none.</summary>
    public IReadOnlyDictionary<string, object?>? Arguments { get; init; }

    /// <summary>Whether the exchange may route messages with a key by it; of a headers exchange the key says nothing.</summary>
    public bool MayRoute(string routingKey) => ExchangeType switch
    {
        RabbitMQ.Client.ExchangeType.Topic => TopicPattern.Matches(Topic, routingKey),
        RabbitMQ.Client.ExchangeType.Direct => Topic == routingKey,
        _ => true,
    };
}
