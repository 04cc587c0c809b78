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
internal sealed partial class TopologyAtStart(TriggerQueues queues, TriggerBindings bindings, AppBrokers brokers, AppTopology topology, QueueHealth health, IOptions<RabbitTopicsOptions> app,
    IOptions<ListenerWatchOptions> options, ILogger<TopologyAtStart> logger) : IHostedService
{
    /// <summary>Less than the minute that the host gives a worker to start.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        bindings.App = (queues, topology.Problems, app.Value);
        foreach (var problem in topology.Problems.All)
        {
            StartupProblem(problem);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        var problems = await Task.WhenAll(queues.FunctionsOfMicrosoftsExtension.Select(function => PrepareAsync(function, limit.Token)));
        foreach (var same in problems.OfType<(string Function, string Text)>().GroupBy(problem => problem.Text))
        {
            QueueNotPrepared(string.Join("', '", same.Select(problem => problem.Function)), same.Key);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Prepares the queue of a function; what is wrong where that failed. Only another start tries it again.</summary>
    private async Task<(string Function, string Text)?> PrepareAsync(string function, CancellationToken cancellationToken)
    {
        TriggerQueue? queue = null;
        try
        {
            queue = queues.Find(function)!; // Throws where a setting of its attributes is missing: the other functions go on.
            var broker = brokers.Get(queue.ConnectionStringSetting);
            if (queue.Topology is not null)
            {
                await TopologyDeclarer.ApplyAsync(broker, queue.Topology, queue.Queue, cancellationToken);
            }
            else if (await broker.TryCountAsync(queue.Queue, cancellationToken) is null)
            {
                return null; // Somebody else's and missing: the watch says so, at its first look.
            }

            await new DeliverySettler(broker, queue.Topology?.Properties, queue.Options, logger).PrepareAsync(queue.Queue, cancellationToken);
            await ClearAsync(broker, queue, cancellationToken);
            return null;
        }
        catch (OperationCanceledException)
        {
            return Report($"was not prepared within {Patience.TotalSeconds} s, as the broker did not answer, and the host may disable the function. Start the broker, then the app again.");
        }
        catch (Exception exception)
        {
            return Report($"could not be prepared, and the host may disable the function: {exception.Message}");
        }

        (string Function, string Text) Report(string problem)
        {
            health.Report(function, queue?.Queue ?? "", $"it {problem}", kind: nameof(TopologyAtStart));
            return (function, Secret.Hide(problem));
        }
    }

    /// <summary>Parks what would stop the listener that the host is about to start: what has stopped one comes first again after a restart.
    /// Where another instance consumes, it is that one's.</summary>
    private async Task ClearAsync(Broker broker, TriggerQueue queue, CancellationToken cancellationToken)
    {
        try
        {
            if (options.Value.ParkUndecodable && await broker.TryCountAsync(queue.Queue, cancellationToken) is ( > 0, 0))
            {
                await new PoisonMessages(broker, app.Value.TopicHeader, logger).ParkAsync(queue, options.Value.MessagesLookedAt, onlyReturned: true, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            QueueNotSearched(queue.Function, queue.Queue, Secret.Hide(exception.Message));
        }
    }

    [LoggerMessage(LogLevel.Critical, "{Problem}")]
    private partial void StartupProblem(string problem);

    [LoggerMessage(LogLevel.Critical, "The queue of function '{Functions}' {Problem}")]
    private partial void QueueNotPrepared(string functions, string problem);

    [LoggerMessage(LogLevel.Warning, "Function '{Function}': its queue '{Queue}' could not be searched for messages that the host cannot take: {Reason}")]
    private partial void QueueNotSearched(string function, string queue, string reason);
}
