using RabbitTopics.Messages;

namespace RabbitTopics;

/// <summary>What holds for the whole app.</summary>
public sealed class RabbitTopicsOptions
{
    /// <summary>The exchange that topics are published to and subscribed on, where an attribute or a call names none.
    /// Default: <c>amq.topic</c>, the durable topic exchange that every broker has.</summary>
    public string Exchange { get; set; } = "amq.topic";

    /// <summary>The name of the setting that holds the broker's URI, where an attribute or a call names none. Default:
    /// <c>RabbitMQ</c>.</summary>
    public string ConnectionStringSetting { get; set; } = "RabbitMQ";

    /// <summary>The name of the header that carries the topic. Default: <c>Micro-Topic</c>, as go-micro has it.</summary>
    public string TopicHeader { get; set; } = HeaderNames.Topic;

    /// <summary>How long a publish may take, from the call to the broker's confirm, waiting for the connection included.
    /// Default: 10 seconds.</summary>
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
