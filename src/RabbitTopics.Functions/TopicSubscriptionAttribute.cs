namespace RabbitTopics.Functions;

/// <summary>Beside <c>[RabbitMQTrigger]</c>: makes the trigger's queue exist, durable, and binds it to a topic. May be given
/// several times.</summary>
/// <param name="topic">The topic, or a pattern: <c>*</c> stands for one word, <c>#</c> for any number of words. A
/// <c>%NAME%</c> in it is replaced by the setting of that name.</param>
[AttributeUsage(AttributeTargets.Parameter, AllowMultiple = true)]
public sealed class TopicSubscriptionAttribute(string topic) : Attribute
{
    /// <summary>The topic or pattern.</summary>
    public string Topic { get; } = topic;

    /// <summary>The topic exchange. Default: <see cref="RabbitTopicsOptions.Exchange"/>.</summary>
    public string? Exchange { get; set; }
}
