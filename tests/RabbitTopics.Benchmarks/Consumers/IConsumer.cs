namespace RabbitTopics.Benchmarks.Consumers;

/// <summary>Takes the messages of a queue to <see cref="Measuring.Tally.Current"/>, for one round.</summary>
internal interface IConsumer : IAsyncDisposable
{
    const ushort Prefetch = 300;

    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Stops when every message was handled. Every acknowledgement was sent before the channel was closed, and the
    /// broker has answered the close.</summary>
    Task StopAsync(CancellationToken cancellationToken);
}
