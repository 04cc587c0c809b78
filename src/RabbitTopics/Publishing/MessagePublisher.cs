using RabbitMQ.Client;

namespace RabbitTopics.Publishing;

/// <summary>Takes messages to one broker, or, in tests, to memory.</summary>
internal abstract class MessagePublisher : IAsyncDisposable
{
    /// <summary>Publishes one message and waits until the broker has it and has routed it.</summary>
    /// <param name="publish">The message.</param>
    /// <param name="cancellationToken">Gives up waiting; the broker may then have the message or not.</param>
    /// <exception cref="TopicPublishException">The broker did not take the message; the type says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract Task PublishAsync(Publish publish, CancellationToken cancellationToken);

    /// <inheritdoc cref="PublishAsync(Publish, CancellationToken)"/>
    /// <param name="exchange">The exchange; "" for the default exchange, which routes to the queue of the given name.</param>
    /// <param name="routingKey">The routing key.</param>
    /// <param name="properties">Properties and headers.</param>
    /// <param name="body">The body.</param>
    /// <param name="timeout">How long all of it may take.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task PublishAsync(string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body,
        TimeSpan timeout, CancellationToken cancellationToken) =>
        PublishAsync(new Publish(exchange, routingKey, properties, body) { Timeout = timeout }, cancellationToken);

    public abstract ValueTask DisposeAsync();
}
