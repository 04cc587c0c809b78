using Microsoft.Extensions.Logging;
using RabbitTopics.Health;
using RabbitTopics.Messages;

namespace RabbitTopics.Receiving;

/// <summary>Names a handler that is at work on one message for long: once in the log, and in health as long as it is.</summary>
internal sealed class LongRunningWatch(DeliveryPumps pumps, QueueConsumerOptions options, QueueHealth health, ILogger logger)
{
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(15);

    /// <summary>Looks until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var after = options.HandlerOptions.LongRunningAfter;
        if (after == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        var named = new HashSet<Delivery>();
        var interval = TimeSpan.FromMilliseconds(Math.Clamp(after.TotalMilliseconds / 4, 50, LongestInterval.TotalMilliseconds));
        while (!stop.IsCancellationRequested)
        {
            var late = pumps.AtWork.Where(delivery => DateTimeOffset.UtcNow - delivery.Time >= after).ToHashSet();
            named.IntersectWith(late);
            foreach (var delivery in late.Where(named.Add))
            {
                logger.LogWarning("Handler '{Handler}' has been at work on a message of queue '{Queue}' with topic '{Topic}' for more than {Seconds} s. Its time has {Limit}.",
                    options.Handler, options.Queue, delivery.Message.Topic, after.TotalSeconds, Limit);
            }

            health.Warn(options.Handler, options.Queue, "late", late.Count == 0 ? null
                : $"handler '{options.Handler}' has been at work on {late.Count} message(s) of queue '{options.Queue}' for more than {after.TotalSeconds:0.###} s");
            await Task.Delay(interval, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        health.Warn(options.Handler, options.Queue, "late", null);
    }

    private string Limit => options.HandlerOptions.Timeout == Timeout.InfiniteTimeSpan ? "no limit: set Timeout" : $"a limit of {options.HandlerOptions.Timeout.TotalSeconds:0.###} s";
}
