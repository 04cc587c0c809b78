using RabbitMQ.Client;
using RabbitTopics.Benchmarks.Handlers;

namespace RabbitTopics.Benchmarks.Consumers;

/// <summary>The queues of one case, one for each function: classic, durable, and deleted at the end.</summary>
internal sealed class BenchmarkQueues : IAsyncDisposable
{
    /// <summary>Publishes that wait for their confirms side by side.</summary>
    private const int Pipelined = 500;

    private readonly IChannel _channel;

    private BenchmarkQueues(IChannel channel) => _channel = channel;

    public string Prefix { get; } = $"benchmark-{Guid.NewGuid():N}";

    /// <summary>The queue of <see cref="EmptyHandler"/>.</summary>
    public string Empty => $"{Prefix}.empty";

    /// <summary>The queue of <see cref="SlowHandler"/>.</summary>
    public string Slow => $"{Prefix}.slow";

    public static async Task<BenchmarkQueues> CreateAsync(IConnection connection)
    {
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(
            publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true,
            outstandingPublisherConfirmationsRateLimiter: null));
        var queues = new BenchmarkQueues(channel);
        foreach (var queue in new[] { queues.Empty, queues.Slow })
        {
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false,
                new Dictionary<string, object?> { ["x-queue-type"] = "classic" });
        }

        return queues;
    }

    /// <summary>Puts so many messages into a queue, numbered from 0, with the properties and headers that our publisher
    /// gives.</summary>
    public async Task FillAsync(string queue, int messages, CancellationToken cancellationToken)
    {
        for (var first = 0; first < messages; first += Pipelined)
        {
            await Task.WhenAll(Enumerable.Range(first, Math.Min(Pipelined, messages - first)).Select(number =>
                _channel.BasicPublishAsync("", queue, mandatory: true, Properties(), Order.Write(number), cancellationToken).AsTask()));
        }
    }

    /// <summary>How many messages a queue holds that are not with a consumer.</summary>
    public async Task<uint> CountAsync(string queue) => (await _channel.QueueDeclarePassiveAsync(queue)).MessageCount;

    public async ValueTask DisposeAsync()
    {
        foreach (var queue in new[] { Empty, Slow })
        {
            await _channel.QueueDeleteAsync(queue);
            await _channel.QueueDeleteAsync($"{queue}.dead"); // Is there only where something went wrong.
        }

        await _channel.DisposeAsync();
    }

    private static BasicProperties Properties() => new()
    {
        ContentType = "application/json",
        Persistent = true,
        MessageId = Guid.CreateVersion7().ToString(),
        Timestamp = new AmqpTimestamp(DateTimeOffset.UtcNow.ToUnixTimeSeconds()),
        Headers = new Dictionary<string, object?> { ["Micro-Topic"] = "benchmark.orders", ["Content-Type"] = "application/json" },
    };
}
