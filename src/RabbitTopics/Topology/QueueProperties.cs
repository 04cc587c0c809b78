namespace RabbitTopics.Topology;

/// <summary>The properties that a queue is declared with (AMQP 0-9-1, queue.declare).</summary>
internal sealed record QueueProperties
{
    /// <summary>Whether it outlives a restart of the broker. Default: true.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>Whether only this connection may use it. Default: false.</summary>
    public bool Exclusive { get; init; }

    /// <summary>Whether it goes when its last consumer does. Default: false.</summary>
    public bool AutoDelete { get; init; }

    /// <summary>Its arguments (https://www.rabbitmq.com/docs/queues#optional-arguments). Default: none.</summary>
    public IReadOnlyDictionary<string, object?> Arguments { get; init; } = new Dictionary<string, object?>();

    /// <summary>Whether it is declared as a quorum queue. One that names no type may be one all the same, by the default type of its
    /// virtual host.</summary>
    public bool IsQuorum => Arguments.TryGetValue("x-queue-type", out var type) && type is "quorum";

    /// <summary>Whether the broker gives its messages to one consumer only, until that ends
    /// (https://www.rabbitmq.com/docs/consumers#single-active-consumer).</summary>
    public bool HasSingleActiveConsumer => Arguments.TryGetValue("x-single-active-consumer", out var single) && single is true;
}
