using RabbitTopics.Topology;

namespace RabbitTopics.Receiving;

/// <summary>What to consume, and how.</summary>
internal sealed record QueueConsumerOptions
{
    /// <summary>The queue.</summary>
    public required string Queue { get; init; }

    /// <summary>The name of the handler, for logs and dead letters.</summary>
    public required string Handler { get; init; }

    /// <summary>What must exist first. Default: null, the queue is somebody else's and must exist already.</summary>
    public QueueTopology? Topology { get; init; }

    /// <summary>The name of the topic header. Default: <c>Micro-Topic</c>.</summary>
    public string TopicHeader { get; init; } = HeaderNames.Topic;

    /// <summary>Whether the span of a handling is linked to that of the publish, and not its child. Default: false.</summary>
    public bool LinksTraces { get; init; }

    /// <summary>How messages are taken and settled.</summary>
    public HandlerOptions HandlerOptions { get; init; } = new();
}
