using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitTopics.Brokers;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Settling;
using RabbitTopics.Topology;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Makes the app's topology exist before Microsoft's worker answers its host, which disables for good the functions whose
/// queue it does not find. It waits for a broker that is down, for a while.</summary>
internal sealed class TopologyAtStart(
    TriggerQueues queues, AppBrokers brokers, AppTopology topology, ILogger<TopologyAtStart> logger) : IHostedService
{
    /// <summary>Less than the minute that the host gives a worker to start.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var problem in topology.Problems.All)
        {
            logger.LogCritical("{Problem}", problem);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        await Task.WhenAll(queues.Functions.Select(function => PrepareAsync(function, limit.Token)));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task PrepareAsync(string function, CancellationToken cancellationToken)
    {
        try
        {
            var queue = queues.Find(function)!;
            var broker = brokers.Get(queue.ConnectionStringSetting);
            await TopologyDeclarer.ApplyAsync(broker, queue.Topology, queue.Queue, cancellationToken);
            await new DeliverySettler(broker, queue.Topology?.Properties, queue.Options, logger).PrepareAsync(queue.Queue, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            logger.LogCritical("Function '{Function}': the broker did not answer within {Seconds} s, and the host may disable the function. Start the broker, then the app again.",
                function, Patience.TotalSeconds);
        }
        catch (Exception exception)
        {
            logger.LogCritical("Function '{Function}': its queue could not be prepared, and the host may disable it: {Reason}", function, exception.Message);
        }
    }
}
