using RabbitMQ.Client;

namespace RabbitTopics.Topology;

/// <summary>The types that exchanges of every broker have.</summary>
internal static class ExchangeTypes
{
    /// <summary>The type of one of the broker's own exchanges (AMQP 0-9-1, 3.1.3); null for any other name.</summary>
    public static string? OfName(string exchange) => exchange switch
    {
        "amq.topic" => ExchangeType.Topic,
        "amq.direct" => ExchangeType.Direct,
        "amq.fanout" => ExchangeType.Fanout,
        "amq.headers" or "amq.match" => ExchangeType.Headers,
        _ => null,
    };

    public static bool IsKnown(string type) => ExchangeType.All().Contains(type);

    /// <summary>Whether the binding key plays no part.</summary>
    public static bool IgnoresTopic(string type) => type is ExchangeType.Fanout or ExchangeType.Headers;
}
