using Microsoft.Azure.WebJobs.Host.Scale;
using RabbitTopics.Brokers;

namespace RabbitTopics.WebJobs.Scaling;

/// <summary>How many messages of a queue waited at a time.</summary>
internal sealed class QueueMetrics : ScaleMetrics
{
    /// <summary>The messages that are ready for delivery; those that a consumer has are not among them.</summary>
    public long Messages { get; set; }
}

/// <summary>Tells the host how many instances the messages that wait are work for: as the target of target-based scaling, and as a vote of the older kind.
/// The broker is asked over AMQP.</summary>
/// <param name="broker">The broker.</param>
/// <param name="queue">The queue.</param>
/// <param name="functionId">The host's id of the function.</param>
/// <param name="messagesPerInstance">How many waiting messages are work for one instance.</param>
internal sealed class QueueScaling(Broker broker, string queue, string functionId, int messagesPerInstance) : IScaleMonitor<QueueMetrics>, ITargetScaler
{
    /// <summary>How many samples a vote is made of; the host takes one every ten seconds.</summary>
    private const int Samples = 5;

    /// <summary>A host asks all of its functions in turn.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public ScaleMonitorDescriptor Descriptor { get; } = new($"{functionId}-rabbitmqtrigger-{queue}".ToLowerInvariant(), functionId);

    public TargetScalerDescriptor TargetScalerDescriptor { get; } = new(functionId);

    /// <exception cref="TimeoutException">The broker did not answer; it is asked again at the next sample.</exception>
    public async Task<QueueMetrics> GetMetricsAsync() => new() { Messages = await CountAsync() };

    async Task<ScaleMetrics> IScaleMonitor.GetMetricsAsync() => await GetMetricsAsync();

    public ScaleStatus GetScaleStatus(ScaleStatusContext<QueueMetrics> context) => Vote(context.WorkerCount, context.Metrics);

    public ScaleStatus GetScaleStatus(ScaleStatusContext context) => Vote(context.WorkerCount, context.Metrics?.Cast<QueueMetrics>());

    public async Task<TargetScalerResult> GetScaleResultAsync(TargetScalerContext context) =>
        new() { TargetWorkerCount = InstancesFor(await CountAsync(), context.InstanceConcurrency ?? messagesPerInstance) };

    private static int InstancesFor(long messages, int perInstance) => (int)Math.Min(int.MaxValue, (messages + perInstance - 1) / perInstance);

    /// <summary>More instances where the messages have been too many for those that there are; fewer where they have been work for fewer, for as long.</summary>
    private ScaleStatus Vote(int instances, IEnumerable<QueueMetrics>? metrics)
    {
        var last = (metrics ?? []).OrderBy(sample => sample.Timestamp).Select(sample => InstancesFor(sample.Messages, messagesPerInstance)).TakeLast(Samples).ToArray();
        return new ScaleStatus
        {
            Vote = last.Length < Samples ? ScaleVote.None
                : last.All(needed => needed > instances) ? ScaleVote.ScaleOut
                : last.All(needed => needed < instances) ? ScaleVote.ScaleIn
                : ScaleVote.None,
        };
    }

    private async Task<long> CountAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            return (await broker.TryCountAsync(queue, limit.Token))?.Messages ?? 0; // A queue that is not there has none.
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"The broker at {broker.Endpoint} did not say within {Patience.TotalSeconds} s how many messages wait in queue '{queue}'.", exception);
        }
    }
}
