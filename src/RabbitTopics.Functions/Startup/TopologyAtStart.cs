using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitTopics.Connection;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Settings;
using RabbitTopics.Settle;
using RabbitTopics.Topology;

namespace RabbitTopics.Functions.Startup;

/// <summary>Makes the app's topology exist before Microsoft's worker answers its host, which disables for good the functions whose
/// queue it does not find. It waits for a broker that is down, for a while.</summary>
internal sealed class TopologyAtStart(
    Brokers brokers, AppTopology topology, SettingReferences settings, IOptions<RabbitTopicsOptions> app, TimeProvider time, ILogger<TopologyAtStart> logger) : IHostedService
{
    /// <summary>Less than the minute that the host gives a worker to start.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var problem in topology.Problems)
        {
            logger.LogCritical("{Problem}", problem);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        await Task.WhenAll(FunctionCatalog.Load().Where(function => function.Trigger is not null).Select(function => PrepareAsync(function, limit.Token)));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task PrepareAsync(FunctionDescription function, CancellationToken cancellationToken)
    {
        try
        {
            var trigger = function.Trigger!;
            var setting = trigger.ConnectionStringSetting is { Length: > 0 } named ? named : app.Value.ConnectionStringSetting;
            var queue = settings.Resolve(trigger.QueueName);
            var options = app.Value.OptionsOf(function.Name);
            var broker = brokers.Get(setting);
            var declared = topology.Find(setting, queue);
            var connection = await broker.Consuming.GetOpenAsync(cancellationToken);
            if (declared is not null)
            {
                await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
                await TopologyDeclarer.ApplyAsync(channel, declared, broker.Mode, cancellationToken);
            }

            if (!options.AutoAck)
            {
                await new CopyPublisher(broker, declared?.Properties, time).PrepareAsync(queue, options.OnError);
            }
        }
        catch (OperationCanceledException)
        {
            logger.LogCritical("Function '{Function}': the broker did not answer within {Seconds} s, and the host may disable the function. Start the broker, then the app again.",
                function.Name, Patience.TotalSeconds);
        }
        catch (Exception exception)
        {
            logger.LogCritical("Function '{Function}': its queue could not be prepared, and the host may disable it: {Reason}", function.Name, exception.Message);
        }
    }
}
