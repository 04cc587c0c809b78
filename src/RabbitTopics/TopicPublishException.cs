namespace RabbitTopics;

/// <summary>A publish that the broker did not take, or took and did not route, in the time it had. The derived type says
/// which; none holds a secret.</summary>
public abstract class TopicPublishException : Exception
{
    private protected TopicPublishException(string message, string exchange, string topic, Exception? innerException)
        : base(message, innerException)
    {
        Exchange = exchange;
        Topic = topic;
    }

    /// <summary>The exchange that was published to; "" for the default exchange.</summary>
    public string Exchange { get; }

    /// <summary>The topic, or on the default exchange the queue, that was published to.</summary>
    public string Topic { get; }

    private protected static string Describe(string exchange, string topic) =>
        exchange.Length == 0 ? $"queue '{topic}'" : $"topic '{topic}' on exchange '{exchange}'";
}
