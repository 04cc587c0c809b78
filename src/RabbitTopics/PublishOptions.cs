namespace RabbitTopics;

/// <summary>Where a message goes, and how. What is null comes from <see cref="RabbitTopicsOptions"/>.</summary>
public sealed record PublishOptions
{
    /// <summary>The exchange; "" is the default exchange, on which the topic is a queue's name. Default:
    /// <see cref="RabbitTopicsOptions.Exchange"/>.</summary>
    public string? Exchange { get; init; }

    /// <summary>The setting that names the broker. Default: <see cref="RabbitTopicsOptions.ConnectionStringSetting"/>.</summary>
    public string? ConnectionStringSetting { get; init; }

    /// <summary>Headers, beside those of a <see cref="TopicMessage"/>, which win. Default: none.</summary>
    public MessageHeaders? Headers { get; init; }

    /// <summary>Properties, for those that a <see cref="TopicMessage"/> does not set. Default: none.</summary>
    public MessageProperties? Properties { get; init; }

    /// <summary>What is added where neither says otherwise. Default: <see cref="PublishDefaults.All"/>.</summary>
    public PublishDefaults Defaults { get; init; } = PublishDefaults.All;

    /// <summary>Whether a message that reaches no queue is an error (<see cref="PublishReturnedException"/>). Default:
    /// <see cref="RabbitTopicsOptions.Mandatory"/>.</summary>
    public bool? Mandatory { get; init; }

    /// <summary>Whether the body is JSON also where it is text or bytes. Default: <see cref="RabbitTopicsOptions.PublishAllAsJson"/>.</summary>
    public bool? AsJson { get; init; }

    /// <summary>How long it may take, from the call to the broker's confirm. Default:
    /// <see cref="RabbitTopicsOptions.PublishTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether the message is sent again, with the same message id, when the connection is lost before the broker
    /// answered, until the timeout. The broker may then have it twice; what was called later is not sent before it. Default:
    /// false, it is an error (<see cref="BrokerUnavailableException"/>).</summary>
    public bool Resend { get; init; }

    /// <summary>How long the broker keeps the message before it goes to its topic: a durable queue for each topic and delay, so
    /// it is for few of them; to two significant digits, 12.3 s are 13 s. What reaches no queue then waits until one is bound.
    /// Default: null, at once.</summary>
    public TimeSpan? Delay { get; init; }
}
