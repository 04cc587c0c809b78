using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitTopics.Benchmarks.Measuring;

namespace RabbitTopics.Benchmarks.Commands;

/// <summary>Compares confirmed publishing with the plain client's: the same bodies, properties and headers, the same number in
/// flight.</summary>
internal sealed class PublishCommand(Uri broker, Options options)
{
    private const int InFlight = 1000;

    private static readonly byte[] Body = new byte[1024];

    private readonly string _queue = $"benchmark-{Guid.NewGuid():N}";

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync(cancellationToken);
        Report.Environment(connection);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(_queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: cancellationToken);
        await channel.QueueBindAsync(_queue, "amq.topic", _queue, cancellationToken: cancellationToken);
        try
        {
            await CompareAsync(channel, "pipelined", options.Messages, InFlight, cancellationToken);
            await CompareAsync(channel, "one-at-a-time", options.SlowMessages, 1, cancellationToken);
        }
        finally
        {
            await channel.QueueDeleteAsync(_queue, cancellationToken: CancellationToken.None);
        }
    }

    private async Task CompareAsync(IChannel channel, string name, int messages, int inFlight, CancellationToken cancellationToken)
    {
        var rawChannel = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, outstandingPublisherConfirmationsRateLimiter: null);
        await using var rawConnection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync(cancellationToken);
        await using var raw = await rawConnection.CreateChannelAsync(rawChannel, cancellationToken);
        await using var services = Services(inFlight);
        var publisher = services.GetRequiredService<ITopicPublisher>();
        var sides = new (string Name, Func<Task> Publish)[]
        {
            ("raw", () => raw.BasicPublishAsync("amq.topic", _queue, mandatory: true, RawProperties(), Body, cancellationToken).AsTask()),
            ("ours", () => publisher.PublishAsync(_queue, Body, cancellationToken: cancellationToken)),
        };
        var measured = sides.ToDictionary(side => side.Name, _ => new List<Measurement>());
        for (var round = 0; round <= options.Repeats; round++)
        {
            foreach (var (side, publish) in sides)
            {
                var measurement = await MeasureAsync(messages, inFlight, publish);
                Report.Round($"publish-{name}", side, round, measurement);
                var arrived = await channel.QueuePurgeAsync(_queue, cancellationToken);
                if (arrived != messages)
                {
                    throw new CaseFailedException($"publish-{name} {side}, round {round}", $"{messages} were confirmed and {arrived} are in the queue.");
                }

                if (round > 0)
                {
                    measured[side].Add(measurement);
                }
            }
        }

        Report.Ratio($"publish-throughput-{name}", measured["ours"], measured["raw"], round => round.MessagesPerSecond);
        Report.Ratio($"publish-cpu-{name}", measured["ours"], measured["raw"], round => round.CpuMicroseconds);
        Report.Ratio($"publish-alloc-{name}", measured["ours"], measured["raw"], round => round.AllocatedBytes);
    }

    /// <summary>From the first call to the last confirm.</summary>
    private static async Task<Measurement> MeasureAsync(int messages, int inFlight, Func<Task> publish)
    {
        GC.Collect();
        using var places = new SemaphoreSlim(inFlight, inFlight);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        var publishes = new List<Task>(messages);
        for (var number = 0; number < messages; number++)
        {
            await places.WaitAsync();
            publishes.Add(PublishAsync());
        }

        await Task.WhenAll(publishes);
        return new Measurement(messages / clock.Elapsed.TotalSeconds,
            (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMicroseconds / messages,
            (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)messages);

        async Task PublishAsync()
        {
            try
            {
                await publish();
            }
            finally
            {
                places.Release();
            }
        }
    }

    private BasicProperties RawProperties()
    {
        var id = Guid.CreateVersion7().ToString();
        return new BasicProperties
        {
            ContentType = "application/octet-stream",
            DeliveryMode = DeliveryModes.Persistent,
            MessageId = id,
            Timestamp = new AmqpTimestamp(DateTimeOffset.UtcNow.ToUnixTimeSeconds()),
            Headers = new Dictionary<string, object?> { ["Micro-Topic"] = _queue, ["Content-Type"] = "application/octet-stream", ["Micro-Id"] = id, ["Micro-ID"] = id },
        };
    }

    private ServiceProvider Services(int inFlight)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("RabbitMQ", broker.OriginalString)]).Build());
        services.AddLogging();
        services.AddRabbitTopics();
        services.Configure<RabbitTopicsOptions>(app => app.MaxPublishesInFlight = inFlight);
        return services.BuildServiceProvider();
    }
}
