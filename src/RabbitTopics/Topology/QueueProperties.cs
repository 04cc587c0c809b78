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
}
