using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Health;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Looks whether the queues of the app's functions are consumed, by any of its instances, and whether their messages reach this one, and reports
/// those where that is not so: Microsoft's host does not.</summary>
internal sealed partial class ListenerWatch(TriggerQueues queues, InvocationCounts invocations, AppBrokers brokers, QueueHealth health, IOptions<RabbitTopicsOptions> app,
    IOptions<ListenerWatchOptions> options, TimeProvider time, ILogger<ListenerWatch> logger) : BackgroundService
{
    /// <summary>What is wrong with a queue.</summary>
    private enum Problem
    {
        None,
        QueueMissing,
        NoConsumer,
        NothingArrives,
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(queues.FunctionsOfMicrosoftsExtension.Select(function => WatchAsync(function, stoppingToken)));

    private async Task WatchAsync(string function, CancellationToken stop)
    {
        try
        {
            var queue = queues.Find(function)!;
            using var timer = new PeriodicTimer(options.Value.Interval, time);
            var state = new Listener();
            do
            {
                await LookAsync(queue, state, stop);
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
        catch (Exception exception)
        {
            QueueNotWatched(function, exception.Message);
        }
    }

    private async Task LookAsync(TriggerQueue queue, Listener listener, CancellationToken stop)
    {
        try
        {
            var broker = brokers.Get(queue.ConnectionStringSetting);
            if (await broker.TryCountAsync(queue.Queue, stop) is not var (messages, consumers))
            {
                var canDeclare = queue.Topology is not null && broker.Mode == TopologyMode.Declare;
                Say(queue, listener, Problem.QueueMissing, "it does not exist, and the host disables a function whose queue it does not find. "
                    + (canDeclare ? "A start of the app declares it" : "Create it, or put [TopicSubscription] beside the trigger"));
                return;
            }

            var hasMoved = listener.HasMoved(invocations.Read(queue.Function)) || queue.Topology?.Properties.HasSingleActiveConsumer == true;
            if (consumers > 0 && (hasMoved || messages == 0))
            {
                Clear(queue, listener);
            }
            else if (messages == 0)
            {
                // Nothing waits for the consumer that is not there. A queue that was missing has none before the host starts again.
                if (listener.Problem != Problem.QueueMissing)
                {
                    Clear(queue, listener);
                }
            }
            else if (listener.Elapsed < options.Value.After)
            {
                listener.Start();
            }
            else if (consumers > 0)
            {
                Say(queue, listener, Problem.NothingArrives, $"it has had messages ({messages} now), none of them has reached this instance for {Seconds}, though it has {consumers} consumer(s): "
                    + "the listener of this instance has ended, or its prefetch is full of messages on which it fails without a word, as of those with a header 'traceparent' that is "
                    + "not a string, which a start parks (docs/hosts.md)");
            }
            else
            {
                Say(queue, listener, Problem.NoConsumer, $"it has had messages ({messages} now) and no consumer for {Seconds}; the host's listener has ended, as after an error of its channel, "
                    + "and does not come back by itself");
                if (options.Value.ParkUndecodable && !listener.HasParked)
                {
                    await new PoisonMessages(broker, app.Value.TopicHeader, logger).ParkAsync(queue, options.Value.MessagesLookedAt, onlyReturned: false, stop);
                    listener.HasParked = true; // Where it failed it is tried at the next look.
                }
            }
        }
        catch (Exception exception) when (!stop.IsCancellationRequested
            && (BrokerFault.Is(exception) || exception is TopicPublishException))
        {
            QueueNotChecked(queue.Function, queue.Queue, BrokerFault.Reason(exception));
        }
    }

    private string Seconds => $"{options.Value.After.TotalSeconds:0.###} s";

    /// <summary>Reports a problem, once until it is another one or over.</summary>
    private void Say(TriggerQueue queue, Listener listener, Problem problem, string text)
    {
        if (listener.Problem != problem)
        {
            listener.Problem = problem;
            health.Report(queue.Function, queue.Queue, text);
            QueueNotConsumed(queue.Function, queue.Queue, text);
        }
    }

    private void Clear(TriggerQueue queue, Listener listener)
    {
        listener.Reset();
        listener.HasParked = false;
        if (listener.Problem != Problem.None)
        {
            listener.Problem = Problem.None;
            health.Report(queue.Function, queue.Queue, null);
            QueueConsumedAgain(queue.Function, queue.Queue);
        }
    }

    [LoggerMessage(LogLevel.Critical, "Function '{Function}': queue '{Queue}' is not consumed: {Problem}. Restart the function app.")]
    private partial void QueueNotConsumed(string function, string queue, string problem);

    [LoggerMessage(LogLevel.Information, "Function '{Function}': its queue '{Queue}' is consumed again, or empty.")]
    private partial void QueueConsumedAgain(string function, string queue);

    [LoggerMessage(LogLevel.Warning, "Function '{Function}': its queue '{Queue}' could not be checked: {Reason}")]
    private partial void QueueNotChecked(string function, string queue, string reason);

    [LoggerMessage(LogLevel.Critical, "Function '{Function}': its queue is not watched: {Reason}")]
    private partial void QueueNotWatched(string function, string reason);

    /// <summary>What is known of a function's listener, and for how long its queue has had messages that reached nobody.</summary>
    private sealed class Listener : Stopwatch
    {
        private long _begun = -1;

        /// <summary>What was said last.</summary>
        public Problem Problem { get; set; }

        public bool HasParked { get; set; }

        /// <summary>Whether the function was invoked since the last look, or is at work.</summary>
        public bool HasMoved((long Begun, long Ended) now)
        {
            var hasMoved = now.Begun != now.Ended || now.Begun != _begun;
            _begun = now.Begun;
            return hasMoved;
        }
    }
}
