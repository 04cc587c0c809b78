namespace RabbitTopics.Functions;

/// <summary>Beside <c>[RabbitMQTrigger]</c>: makes the trigger's queue exist and binds it to a topic. May be given several
/// times. <see cref="QueueOptionsAttribute"/> says what kind of queue; without it, it is durable.</summary>
/// <param name="topic">The topic, or a pattern: <c>*</c> stands for one word, <c>#</c> for any number of words; on a direct
/// exchange the routing key as it is; on a fanout or headers exchange it plays no part and may be empty. A <c>%NAME%</c> in
/// it is replaced by the setting of that name.</param>
[AttributeUsage(AttributeTargets.Parameter, AllowMultiple = true)]
public sealed class TopicSubscriptionAttribute(string topic) : Attribute
{
    /// <summary>The topic or pattern.</summary>
    public string Topic { get; } = topic;

    /// <summary>The exchange. Default: <see cref="RabbitTopicsOptions.Exchange"/>.</summary>
    public string? Exchange { get; set; }

    /// <summary>The exchange's type: <c>topic</c>, <c>direct</c>, <c>fanout</c> or <c>headers</c>. Default: for one of the
    /// broker's own exchanges, such as <c>amq.fanout</c>, its type; else
    /// <see cref="RabbitTopicsOptions.ExchangeType"/>.</summary>
    public string? ExchangeType { get; set; }

    /// <summary>Arguments of the binding, names and values in turn; a headers exchange goes by them:
    /// <c>["x-match", "all", "kind", "order", "version", 2]</c>. Default: none.</summary>
    public object[] Arguments { get; set; } = [];

    /// <summary>Whether the binding is removed instead of made, at each start: RabbitMQ keeps that of a subscription which the app once had,
    /// and with it the messages come. Default: false.</summary>
    public bool Remove { get; set; }
}
