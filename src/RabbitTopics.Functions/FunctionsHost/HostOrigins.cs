using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using RabbitTopics.Functions.Catalog;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Remembers the origin of messages that Microsoft's host republishes. It republishes to the default exchange with the queue's name, so a
/// message without a topic header would lose its topic. This process knows what it saw before; a queue with one topic says the
/// rest.</summary>
internal sealed class HostOrigins
{
    private const int Most = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, Origin?> _known = [];
    private readonly Queue<UInt128> _oldestFirst = new();

    /// <summary>Notes a message that the host is about to publish anew.</summary>
    public void Remember(IReadOnlyDictionary<string, object?> data, TopicMessage message)
    {
        var identity = Identity(data);
        var origin = new Origin(message.Exchange, message.RoutingKey, message.Topic);
        lock (_gate)
        {
            if (_known.TryGetValue(identity, out var other))
            {
                _known[identity] = other == origin ? origin : null; // Two messages look the same: no origin is better than a wrong one.
                return;
            }

            _known.Add(identity, origin);
            _oldestFirst.Enqueue(identity);
            if (_oldestFirst.Count > Most)
            {
                _known.Remove(_oldestFirst.Dequeue());
            }
        }
    }

    /// <summary>The message with where it came from, as far as that is known.</summary>
    public TopicMessage Restore(IReadOnlyDictionary<string, object?> data, TopicMessage message, TriggerQueue queue, string topicHeader)
    {
        if (message.HostRequeues == 0 || message.Exchange.Length > 0 || message.RoutingKey != queue.Queue || Find(data, queue) is not { } origin)
        {
            return message;
        }

        var topic = message.Topic == queue.Queue ? origin.Topic : message.Topic;
        return new TopicMessage
        {
            Topic = topic,
            Headers = message.Headers.With(topicHeader, topic),
            Properties = message.Properties,
            Exchange = origin.Exchange,
            RoutingKey = origin.RoutingKey,
            Redelivered = message.Redelivered,
            Attempt = message.Attempt,
            FirstTime = message.FirstTime,
            HostRequeues = message.HostRequeues,
            PreviousTrace = message.PreviousTrace,
        };
    }

    private Origin? Find(IReadOnlyDictionary<string, object?> data, TriggerQueue queue)
    {
        lock (_gate)
        {
            if (_known.TryGetValue(Identity(data), out var origin))
            {
                return origin;
            }
        }

        return queue.Topology?.Bindings is [{ ExchangeType: "topic" or "direct" } only] && !only.Topic.AsSpan().ContainsAny('*', '#')
            ? new Origin(only.Exchange, only.Topic, only.Topic)
            : null;
    }

    /// <summary>What of a message stays the same when the host publishes it anew: its properties, its headers but for the host's count, and the
    /// length of its body. A hash of it, as properties may be long.</summary>
    private static UInt128 Identity(IReadOnlyDictionary<string, object?> data)
    {
        var properties = JsonNode.Parse((string)data["BasicProperties"]!)!.AsObject();
        if (properties["Headers"] is JsonObject headers)
        {
            headers.Remove(HeaderNames.MicrosoftRequeueCount);
            if (headers.Count == 0)
            {
                properties["Headers"] = null;
            }
        }

        return BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{properties.ToJsonString()} {data.GetValueOrDefault("Body")}")));
    }

    private sealed record Origin(string Exchange, string RoutingKey, string Topic);
}
