using System.Diagnostics;
using System.Runtime;
using RabbitTopics.Benchmarks.Contenders;
using RabbitTopics.Benchmarks.Measuring;

namespace RabbitTopics.Benchmarks.Workloads;

/// <summary>The work of a contender's process: some stretches to warm up and one that is measured, alike, each with a queue of its own.</summary>
internal sealed class Stretch(Workload workload, IContender contender, string exchange)
{
    /// <summary>How long the JIT must have compiled nothing.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);

    private readonly Orders _orders = new(workload.BodyBytes);

    /// <exception cref="CaseFailedException">A message was lost or handled twice.</exception>
    public async Task<Measurement> MeasureAsync(string queue)
    {
        foreach (var warmUp in workload.WarmUpsOf(queue))
        {
            await RunAsync(warmUp, workload.WarmUp, lead: 0);
            if (!workload.OnlyCounts)
            {
                await WaitForJitAsync();
            }
        }

        GC.Collect(); // What the warm-up left is nobody's cost.
        var measured = await RunAsync(queue, workload.Total, workload.Lead);
        using var process = Process.GetCurrentProcess();
        return measured with { PeakMebibytes = process.PeakWorkingSet64 / (1024.0 * 1024.0) };
    }

    /// <summary>The JIT compiles what is called often once more, in the background, and that again when it has seen how it is used. On a busy machine it
    /// takes as long as the messages, and would be half of what is measured.</summary>
    private static async Task WaitForJitAsync()
    {
        for (var (before, compiled) = (-1L, 0L); compiled > before;)
        {
            await Task.Delay(Quiet);
            (before, compiled) = (compiled, JitInfo.GetCompiledMethodCount());
        }
    }

    private Task<Measurement> RunAsync(string queue, int messages, int lead) => workload.Kind switch
    {
        WorkloadKind.Publish => PublishAsync(queue, messages),
        WorkloadKind.Latency => PublishAndHandleAsync(queue, messages),
        _ => ConsumeAsync(queue, messages, lead),
    };

    private async Task<Measurement> ConsumeAsync(string queue, int messages, int lead)
    {
        var tally = Tally.Current = new Tally(messages, workload.Handling, lead);
        await using (await contender.ConsumeAsync(queue, workload.Concurrency, workload.Prefetch))
        {
            await tally.WaitAsync();
            if (workload.Kind == WorkloadKind.Start)
            {
                Console.WriteLine(ContenderProcess.Handled);
            }
        }

        tally.Check();
        return tally.Measured;
    }

    private async Task<Measurement> PublishAsync(string queue, int messages)
    {
        await using var publishing = await contender.OpenPublisherAsync(exchange, queue);
        await publishing.PublishAsync(_orders[0]); // Its channel is opened with the first message.
        var next = 0;
        var meter = Meter.Start();
        if (workload.Batch > 1)
        {
            foreach (var batch in Enumerable.Range(1, messages - 1).Chunk(workload.Batch))
            {
                await publishing.PublishAllAsync(batch.Select(number => _orders[number]));
            }

            return meter.Stop(messages - 1);
        }

        await Task.WhenAll(Enumerable.Range(0, workload.Concurrency).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var number && number < messages)
            {
                await publishing.PublishAsync(_orders[number]);
            }
        }));
        return meter.Stop(messages - 1);
    }

    /// <summary>Publishes when a message is due, whatever became of those before it, so that a slow spell is seen by all that fall into
    /// it.</summary>
    private async Task<Measurement> PublishAndHandleAsync(string queue, int messages)
    {
        var tally = Tally.Current = new Tally(messages) { NotesTimes = true };
        var sent = new long[messages];
        var publishes = new Task[messages];
        await using (await contender.ConsumeAsync(queue, workload.Concurrency, workload.Prefetch))
        {
            await using var publishing = await contender.OpenPublisherAsync(exchange, queue);
            await (publishes[0] = publishing.PublishAsync(_orders[0])); // Its channel, with some its connection, is opened with the first message.
            var clock = Stopwatch.StartNew();
            for (var number = 1; number < messages;)
            {
                for (var due = Math.Min(messages, 2 + (clock.Elapsed.TotalSeconds * Workload.LatencyRate)); number < due; number++)
                {
                    sent[number] = Stopwatch.GetTimestamp();
                    publishes[number] = publishing.PublishAsync(_orders[number]);
                }

                await Task.Delay(1);
            }

            await Task.WhenAll(publishes);
            await tally.WaitAsync();
        }

        tally.Check();
        double[] latencies = [.. sent.Zip(tally.HandledAt, (from, to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds).Skip(1).Order()];
        return tally.Measured with { MedianLatency = latencies[latencies.Length / 2], HighLatency = latencies[latencies.Length * 99 / 100] };
    }
}
