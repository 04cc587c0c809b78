using RabbitMQ.Client;
using RabbitTopics.Benchmarks.Contenders;
using RabbitTopics.Benchmarks.Measuring;
using RabbitTopics.Benchmarks.Workloads;

namespace RabbitTopics.Benchmarks.Commands;

/// <summary>Lets the contenders do the same work in turn: what disturbs one round of the machine disturbs all of them.</summary>
internal sealed class CompareCommand(Uri broker, Options options)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync(cancellationToken);
        Report.Environment(connection);
        var results = options.Workloads.Select(workload => new Results(workload, options.Contenders)).ToList();
        for (var round = 0; round < options.Rounds; round++)
        {
            Report.BeginRound(round + 1, options.Rounds);
            foreach (var of in results)
            {
                foreach (var contender in Rotated(round))
                {
                    var measured = await MeasureAsync(connection, contender, of.Workload, round + 1, cancellationToken);
                    of.Add(contender, measured);
                    Report.Measured(of.Workload, contender, measured);
                }
            }
        }

        foreach (var of in options.Charts is null ? [] : results)
        {
            await Chart.WriteAsync(of, options.Charts!);
        }

        Report.Table(results);
        Report.Ratios(results);
    }

    /// <summary>Each round begins with another contender, so that none always comes first or after the same one.</summary>
    private IEnumerable<string> Rotated(int round) =>
        options.Contenders.Select((_, index) => options.Contenders[(index + round) % options.Contenders.Count]);

    private async Task<Measurement> MeasureAsync(
        IConnection connection, string contender, Workload workload, int round, CancellationToken cancellationToken)
    {
        await using var queues = await WorkloadQueues.CreateAsync(connection, workload, cancellationToken);
        try
        {
            var measured = await ContenderProcess.MeasureAsync(contender, workload, broker, queues.Exchange, queues.Measured, cancellationToken);
            await queues.CheckAsync(cancellationToken);
            return measured;
        }
        catch (CaseFailedException failure)
        {
            throw new CaseFailedException($"FAILED {workload.Name} {contender}, round {round}: {failure.Message}");
        }
    }
}
