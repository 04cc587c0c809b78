using System.Diagnostics;
using RabbitTopics.Benchmarks.Contenders;
using RabbitTopics.Benchmarks.Measuring;

namespace RabbitTopics.Benchmarks.Workloads;

/// <summary>The work of a contender's process: one stretch to warm up and one that is measured, alike, each with a queue of its own.</summary>
internal sealed class Stretch(Workload workload, IContender contender, string exchange)
{
    /// <summary>Time for the JIT to compile once more, in the background, what the warm-up has shown to be hot.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(300);

    private readonly Orders _orders = new(workload.BodyBytes);

    /// <summary>The queue of the warm-up that goes before a queue.</summary>
    public static string WarmUpOf(string queue) => $"{queue}.warm-up";

    /// <exception cref="CaseFailedException">A message was lost or handled twice.</exception>
    public async Task<Measurement> MeasureAsync(string queue)
    {
        if (workload.WarmUp > 0)
        {
            await RunAsync(WarmUpOf(queue), workload.WarmUp, lead: 0);
            await Task.Delay(Settling);
            GC.Collect(); // What the warm-up left is nobody's cost.
        }

        var measured = await RunAsync(queue, workload.Total, workload.Lead);
        using var process = Process.GetCurrentProcess();
        return measured with { PeakMebibytes = process.PeakWorkingSet64 / (1024.0 * 1024.0) };
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
            var clock = Stopwatch.StartNew();
            for (var number = 0; number < messages;)
            {
                for (var due = Math.Min(messages, 1 + (clock.Elapsed.TotalSeconds * Workload.LatencyRate)); number < due; number++)
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
        double[] latencies = [.. sent.Zip(tally.HandledAt, (from, to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds).Order()];
        return tally.Measured with { MedianLatency = latencies[messages / 2], HighLatency = latencies[messages * 99 / 100] };
    }
}
