using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Health;
using RabbitTopics.Settling;
using RabbitTopics.Topology;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Makes the app's topology exist before Microsoft's worker answers its host, which disables for good the functions whose
/// queue it does not find, and clears the queues of messages that would stop the host's listener. It waits for a broker that is down, for a
/// while.</summary>
internal sealed class TopologyAtStart(TriggerQueues queues, AppBrokers brokers, AppTopology topology, QueueHealth health, IOptions<RabbitTopicsOptions> app,
    IOptions<ListenerWatchOptions> options, ILogger<TopologyAtStart> logger) : IHostedService
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
        TriggerQueue? queue = null;
        try
        {
            queue = queues.Find(function)!; // Throws where a setting of its attributes is missing: the other functions go on.
            var broker = brokers.Get(queue.ConnectionStringSetting);
            await TopologyDeclarer.ApplyAsync(broker, queue.Topology, queue.Queue, cancellationToken);
            await new DeliverySettler(broker, queue.Topology?.Properties, queue.Options, logger).PrepareAsync(queue.Queue, cancellationToken);
            await ClearAsync(broker, queue, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Report($"the broker did not answer within {Patience.TotalSeconds} s, and the host may disable the function. Start the broker, then the app again.");
        }
        catch (Exception exception)
        {
            Report($"it could not be prepared, and the host may disable the function: {exception.Message}");
        }

        void Report(string problem)
        {
            health.Report(function, queue?.Queue ?? "", problem); // Until the watch finds it consumed.
            logger.LogCritical("Function '{Function}': its queue '{Queue}': {Problem}", function, queue?.Queue, Secret.Hide(problem));
        }
    }

    /// <summary>Parks what would stop the listener that the host is about to start: what has stopped one comes first again after a restart.
    /// Where another instance consumes, it is that one's.</summary>
    private async Task ClearAsync(Broker broker, TriggerQueue queue, CancellationToken cancellationToken)
    {
        try
        {
            var (messages, consumers) = await broker.CountAsync(queue.Queue, cancellationToken);
            if (messages > 0 && consumers == 0 && options.Value.ParkUndecodable)
            {
                await new UndecodableMessages(broker, app.Value.TopicHeader, logger).ParkAsync(queue, options.Value.MessagesLookedAt, onlyReturned: true, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.LogWarning("Function '{Function}': its queue '{Queue}' could not be searched for messages that the host cannot take: {Reason}", queue.Function, queue.Queue, Secret.Hide(exception.Message));
        }
    }
}
