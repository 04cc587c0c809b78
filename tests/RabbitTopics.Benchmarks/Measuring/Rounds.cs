using RabbitTopics.Benchmarks.Consumers;

namespace RabbitTopics.Benchmarks.Measuring;

/// <summary>One side of a comparison.</summary>
/// <param name="Name">Its name.</param>
/// <param name="NewConsumer">Makes its consumer for one round.</param>
internal sealed record Contestant(string Name, Func<IConsumer> NewConsumer);

/// <summary>Lets contestants empty the same queue, filled anew for each, in turn.</summary>
internal sealed class Rounds(BenchmarkQueues queues, string queue, int messages, int repeats)
{
    /// <summary>How long no message may be handled before the rest counts as lost.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>One round of each that does not count, then the repeats. They alternate, so that a busy spell of the machine
    /// meets all of them; the n-th rounds belong together.</summary>
    /// <exception cref="CaseFailedException">A message was lost or handled twice.</exception>
    public async Task<IReadOnlyDictionary<string, List<Measurement>>> RunAsync(
        string caseName, IReadOnlyList<Contestant> contestants, CancellationToken cancellationToken)
    {
        var measured = contestants.ToDictionary(contestant => contestant.Name, _ => new List<Measurement>());
        for (var round = 0; round <= repeats; round++)
        {
            foreach (var contestant in contestants)
            {
                var measurement = await RunOneAsync($"{caseName} {contestant.Name}, round {round}", contestant, cancellationToken);
                Report.Round(caseName, contestant.Name, round, measurement);
                if (round > 0)
                {
                    measured[contestant.Name].Add(measurement);
                }
            }
        }

        return measured;
    }

    /// <summary>The clock runs from the first message handled until a look at the queue, after the consumer has closed its
    /// channel, shows it empty. Closing a channel puts back what it has not acknowledged, so an empty queue then means that
    /// the broker has taken the last acknowledgement. It is the same for every contestant.</summary>
    private async Task<Measurement> RunOneAsync(string name, Contestant contestant, CancellationToken cancellationToken)
    {
        await queues.FillAsync(queue, messages, cancellationToken);
        var tally = Tally.Current = new Tally(messages);
        GC.Collect(); // What filling left is nobody's cost.
        await using var consumer = contestant.NewConsumer();
        await consumer.StartAsync(cancellationToken);
        await WaitAsync(tally, cancellationToken);
        await consumer.StopAsync(cancellationToken);
        var left = await queues.CountAsync(queue);
        var measurement = tally.End();

        var problem = tally.Problem() ?? (left > 0 ? $"{left} messages were handled and never acknowledged." : null);
        return problem is null ? measurement : throw new CaseFailedException(name, problem);
    }

    private static async Task WaitAsync(Tally tally, CancellationToken cancellationToken)
    {
        var before = -1;
        while (!tally.Complete.IsCompleted && tally.Distinct > before)
        {
            before = tally.Distinct;
            await Task.WhenAny(tally.Complete, Task.Delay(Patience, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
