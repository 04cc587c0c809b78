namespace RabbitTopics.Functions;

/// <summary>Publishes what a function returns, or on a property what is in it, to a topic: as JSON (text and bytes as they are),
/// persistent, and confirmed by the broker before the function counts as succeeded and its message is settled. Of a collection each
/// item is a message. A <see cref="TopicMessage"/> goes to its own topic with its own headers and properties. Null
/// publishes nothing. On a parameter of type <see cref="ITopicCollector{T}"/>: publishes what the function adds to it while it
/// runs.</summary>
/// <param name="topic">The topic. A <c>%NAME%</c> in it is replaced by the setting of that name.</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class TopicOutputAttribute(string topic) : Attribute
{
    /// <summary>The topic.</summary>
    public string Topic { get; } = topic;

    /// <summary>The exchange. Default: <see cref="RabbitTopicsOptions.Exchange"/>.</summary>
    public string? Exchange { get; set; }

    /// <summary>What the exchange is declared as: topic, direct, fanout or headers. Default: as the app's subscriptions have it, else
    /// <see cref="RabbitTopicsOptions.ExchangeType"/>; an exchange of the broker's own (<c>amq.*</c>) has its type by name.</summary>
    public string? ExchangeType { get; set; }

    /// <summary>Whether a message that reaches no queue fails the function (<see cref="PublishReturnedException"/>). Default:
    /// <see cref="RabbitTopicsOptions.Mandatory"/>.</summary>
    public bool Mandatory
    {
        get => MandatoryIfSet ?? true;
        set => MandatoryIfSet = value;
    }

    internal bool? MandatoryIfSet { get; private set; }

    /// <summary>The setting that names the broker. Default: <see cref="RabbitTopicsOptions.ConnectionStringSetting"/>.</summary>
    public string? ConnectionStringSetting { get; set; }
}
