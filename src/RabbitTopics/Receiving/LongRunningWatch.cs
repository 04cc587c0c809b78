using Microsoft.Extensions.Logging;
using RabbitTopics.Health;
using RabbitTopics.Messages;

namespace RabbitTopics.Receiving;

/// <summary>Names a handler that is at work on one message for long: once in the log, and in health as long as it is.</summary>
internal sealed partial class LongRunningWatch(DeliveryPumps pumps, QueueConsumerOptions options, QueueHealth health, ILogger logger)
{
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private int _ignoring;

    /// <summary>Notes a handler that was cancelled, as its time was over, and does not end. Its message is settled, and it takes no
    /// place of the concurrency.</summary>
    public void AddIgnoring(Task handling, Delivery delivery)
    {
        CancellationIgnored(options.Handler, options.Queue, delivery.Topic, options.HandlerOptions.Timeout.TotalSeconds);
        Count(1);
        _ = handling.ContinueWith(_ => Count(-1), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

        void Count(int change)
        {
            lock (_gate)
            {
                _ignoring += change;
                health.Warn(options.Handler, options.Queue, "ignoring", _ignoring == 0 ? null
                    : $"handler '{options.Handler}' ignores its cancellation and is still at work on {_ignoring} message(s) of queue '{options.Queue}' whose time is over");
            }
        }
    }

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
                HandlerRunsLong(options.Handler, options.Queue, delivery.Topic, after.TotalSeconds, Limit);
            }

            health.Warn(options.Handler, options.Queue, "late", late.Count == 0 ? null
                : $"handler '{options.Handler}' has been at work on {late.Count} message(s) of queue '{options.Queue}' for more than {after.TotalSeconds:0.###} s");
            await Task.Delay(interval, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        health.Warn(options.Handler, options.Queue, "late", null);
    }

    private string Limit => options.HandlerOptions.Timeout == Timeout.InfiniteTimeSpan ? "no limit: set Timeout" : $"a limit of {options.HandlerOptions.Timeout.TotalSeconds:0.###} s";

    [LoggerMessage(LogLevel.Warning,
        "Handler '{Handler}' ignores its cancellation: it is still at work on a message of queue '{Queue}' with topic '{Topic}' though its time of {Seconds} s is over.")]
    private partial void CancellationIgnored(string handler, string queue, string topic, double seconds);

    [LoggerMessage(LogLevel.Warning, "Handler '{Handler}' has been at work on a message of queue '{Queue}' with topic '{Topic}' for more than {Seconds} s. Its time has {Limit}.")]
    private partial void HandlerRunsLong(string handler, string queue, string topic, double seconds, string limit);
}
