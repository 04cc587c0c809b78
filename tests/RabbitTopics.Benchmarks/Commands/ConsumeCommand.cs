using System.Diagnostics;
using RabbitMQ.Client;
using RabbitTopics.Benchmarks.Consumers;
using RabbitTopics.Benchmarks.Handlers;
using RabbitTopics.Benchmarks.Measuring;

namespace RabbitTopics.Benchmarks.Commands;

/// <summary>Compares how functions consume a queue with how the plain client does.</summary>
internal sealed class ConsumeCommand(Uri broker, Options options)
{
    private const int SlowConcurrency = 32;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync(cancellationToken);
        Report.Environment(connection);
        await CompareAsync(connection, 1, cancellationToken);
        await CompareAsync(connection, 16, cancellationToken);
        await CompareWithIdealAsync(connection, cancellationToken);
    }

    private async Task CompareAsync(IConnection connection, ushort concurrency, CancellationToken cancellationToken)
    {
        var name = $"c{concurrency}";
        await using var queues = await BenchmarkQueues.CreateAsync(connection);
        var contestants = new Contestant[]
        {
            new("raw", () => new RawConsumer(broker, queues.Empty, options.Messages, concurrency, RawConsumer.ReadJson)),
            new("raw-noread", () => new RawConsumer(broker, queues.Empty, options.Messages, concurrency, RawConsumer.ReadNumberOnly)),
            new("ours", () => new WorkerConsumer(broker, queues, concurrency)),
        };
        var rounds = new Rounds(queues, queues.Empty, options.Messages, options.Repeats);
        var measured = await rounds.RunAsync($"consume-{name}", contestants, cancellationToken);
        foreach (var (baseline, suffix) in new[] { ("raw", ""), ("raw-noread", "-raw-noread") })
        {
            Report.Ratio($"consume-throughput-{name}{suffix}", measured["ours"], measured[baseline], round => round.MessagesPerSecond);
            Report.Ratio($"consume-cpu-{name}{suffix}", measured["ours"], measured[baseline], round => round.CpuMicroseconds);
            Report.Ratio($"consume-alloc-{name}{suffix}", measured["ours"], measured[baseline], round => round.AllocatedBytes);
        }
    }

    private async Task CompareWithIdealAsync(IConnection connection, CancellationToken cancellationToken)
    {
        var ideal = SlowConcurrency / SlowHandler.Duration.TotalSeconds;
        await using var queues = await BenchmarkQueues.CreateAsync(connection);
        var rounds = new Rounds(queues, queues.Slow, options.SlowMessages, options.Repeats);
        var measured = await rounds.RunAsync($"consume-10ms-c{SlowConcurrency}",
            [new("ours", () => new WorkerConsumer(broker, queues, SlowConcurrency))], cancellationToken);
        Report.Ratio($"consume-ideal-10ms-c{SlowConcurrency}", measured["ours"].Select(round => round.MessagesPerSecond / ideal));

        // .NET's timers end a wait of 10 ms some milliseconds late: what is reached without any message.
        var alone = await DelaysPerSecondAsync(cancellationToken);
        Report.Ratio($"consume-delays-10ms-c{SlowConcurrency}", measured["ours"].Select(round => round.MessagesPerSecond / alone));
    }

    private static async Task<double> DelaysPerSecondAsync(CancellationToken cancellationToken)
    {
        const int each = 100;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, SlowConcurrency).Select(async _ =>
        {
            for (var count = 0; count < each; count++)
            {
                await Task.Delay(SlowHandler.Duration, cancellationToken);
            }
        }));
        return SlowConcurrency * each / clock.Elapsed.TotalSeconds;
    }
}
