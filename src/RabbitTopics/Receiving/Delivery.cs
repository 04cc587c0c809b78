using RabbitMQ.Client;

namespace RabbitTopics.Receiving;

/// <summary>A message as the broker delivered it to a consumer.</summary>
internal sealed class Delivery
{
    private TopicMessageActions? _actions;

    /// <summary>The queue it was taken from.</summary>
    public required string Queue { get; init; }

    /// <summary>The name of the handler that it is for.</summary>
    public required string Handler { get; init; }

    /// <summary>The consumer that it was delivered to.</summary>
    public required string ConsumerTag { get; init; }

    /// <summary>The number of the delivery on its channel.</summary>
    public required ulong DeliveryTag { get; init; }

    /// <summary>The message, its topic resolved.</summary>
    public required TopicMessage Message { get; init; }

    /// <summary>Lets the handler settle the message itself.</summary>
    public TopicMessageActions Actions => _actions ?? Interlocked.CompareExchange(ref _actions, NewActions(this), null) ?? _actions;

    /// <summary>Makes the actions. Few handlers use them.</summary>
    internal Func<Delivery, TopicMessageActions> NewActions { get; init; } = static _ => throw new InvalidOperationException("This delivery is not one that a handler gets.");

    /// <summary>The actions where the handler has asked for them.</summary>
    internal TopicMessageActions? ActionsInUse => _actions;

    /// <summary>The name of the topic header.</summary>
    internal string TopicHeader { get; init; } = HeaderNames.Topic;

    /// <summary>When it arrived.</summary>
    internal DateTimeOffset Time { get; init; }

    /// <summary>Whether it may be one that a process was handling when it ended.</summary>
    internal bool MayHaveEndedAProcess { get; init; }

    /// <summary>Why its envelope could not be read; null where it could.</summary>
    internal Exception? Obstacle { get; init; }

    /// <summary>The properties and the headers with the types that they had on the wire, for a faithful copy.</summary>
    internal IReadOnlyBasicProperties RawProperties { get => field ??= new BasicProperties(); init; }
}
