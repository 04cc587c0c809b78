using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Brokers;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Health;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Looks whether the queues of the app's functions are consumed, by any of its instances, and whether their messages reach this one, and reports
/// those where that is not so: Microsoft's host does not.</summary>
internal sealed class ListenerWatch(TriggerQueues queues, InvocationCounts invocations, AppBrokers brokers, QueueHealth health, IOptions<RabbitTopicsOptions> app,
    IOptions<ListenerWatchOptions> options, TimeProvider time, ILogger<ListenerWatch> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(queues.Functions.Select(function => WatchAsync(function, stoppingToken)));

    private async Task WatchAsync(string function, CancellationToken stop)
    {
        try
        {
            var queue = queues.Find(function)!;
            using var timer = new PeriodicTimer(options.Value.Interval, time);
            var idle = new Idle();
            while (await timer.WaitForNextTickAsync(stop))
            {
                await LookAsync(queue, idle, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
        catch (Exception exception)
        {
            logger.LogCritical("Function '{Function}': its queue is not watched: {Reason}", function, exception.Message);
        }
    }

    private async Task LookAsync(TriggerQueue queue, Idle idle, CancellationToken stop)
    {
        try
        {
            var broker = brokers.Get(queue.ConnectionStringSetting);
            var (messages, consumers) = await broker.CountAsync(queue.Queue, stop);
            var isStuck = consumers > 0 && !idle.HasMoved(invocations.Read(queue.Function)) && queue.Topology?.Properties.HasSingleActiveConsumer != true;
            if (messages == 0 || (consumers > 0 && !isStuck))
            {
                if (idle.IsSaid || consumers > 0)
                {
                    health.Report(queue.Function, queue.Queue, null);
                }

                if (idle.IsSaid)
                {
                    logger.LogInformation("Function '{Function}': its queue '{Queue}' is consumed again, or empty.", queue.Function, queue.Queue);
                }

                idle.Reset();
                idle.IsSaid = idle.HasParked = false;
            }
            else if (idle.Elapsed >= options.Value.After)
            {
                if (!idle.IsSaid)
                {
                    idle.IsSaid = true;
                    Say(queue, Problem(messages, consumers));
                }

                if (consumers == 0 && options.Value.ParkUndecodable && !idle.HasParked)
                {
                    await new UndecodableMessages(broker, app.Value.TopicHeader, logger).ParkAsync(queue, options.Value.MessagesLookedAt, onlyReturned: false, stop);
                    idle.HasParked = true; // Where it failed it is tried at the next look.
                }
            }
            else
            {
                idle.Start();
            }
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: Constants.NotFound })
        {
            if (!idle.IsSaid)
            {
                idle.IsSaid = true;
                Say(queue, "it does not exist, and the host disables a function whose queue it does not find. Create it, or put [TopicSubscription] beside the trigger");
            }
        }
        catch (Exception exception) when (!stop.IsCancellationRequested
            && exception is RabbitMQClientException or IOException or ObjectDisposedException or TimeoutException or OperationCanceledException or TopicPublishException)
        {
            logger.LogWarning("Function '{Function}': its queue '{Queue}' could not be checked: {Reason}", queue.Function, queue.Queue, exception.Message);
        }
    }

    private string Problem(uint messages, uint consumers) => $"it has had messages ({messages} now) and " + (consumers == 0
        ? $"no consumer for {options.Value.After.TotalSeconds:0.###} s; the host's listener has ended, as after an error of its channel, and does not come back by itself"
        : $"none of them has reached this instance for {options.Value.After.TotalSeconds:0.###} s, though it has {consumers} consumer(s): the listener of this instance has ended, or its prefetch "
            + "is full of messages on which it fails without a word, as of those with a header 'traceparent' that is not a string, which a start parks (docs/hosts.md)");

    private void Say(TriggerQueue queue, string problem)
    {
        health.Report(queue.Function, queue.Queue, problem);
        logger.LogCritical("Function '{Function}': queue '{Queue}' is not consumed: {Problem}. Restart the function app.", queue.Function, queue.Queue, problem);
    }

    /// <summary>The time in which a queue had messages that reached nobody.</summary>
    private sealed class Idle : Stopwatch
    {
        public bool IsSaid { get; set; }

        public bool HasParked { get; set; }

        private long _begun = -1;

        /// <summary>Whether the function was invoked since the last look, or is at work.</summary>
        public bool HasMoved((long Begun, long Ended) now)
        {
            var hasMoved = now.Begun != now.Ended || now.Begun != _begun;
            _begun = now.Begun;
            return hasMoved;
        }
    }
}
