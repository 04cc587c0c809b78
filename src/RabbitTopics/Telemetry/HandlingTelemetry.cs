using System.Diagnostics;
using RabbitTopics.Messages;

namespace RabbitTopics.Telemetry;

/// <summary>The span and the metrics of one handling of a message, from its begin until it is settled. What listens to them and throws keeps no message from
/// being handled and settled.</summary>
internal sealed class HandlingTelemetry
{
    private static readonly HashSet<string> KnownReasons =
    [
        DeadLetterReasons.Poison, DeadLetterReasons.Failed, DeadLetterReasons.NonRetryable, DeadLetterReasons.MaxAttempts,
        DeadLetterReasons.MaxRedeliveries, DeadLetterReasons.HostCannotDecode, DeadLetterReasons.ByHandler,
    ];

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Delivery _delivery;
    private readonly Activity? _activity;
    private readonly bool _isOwn;
    private readonly TagList _tags;
    private TimeSpan? _handled;
    private Exception? _failure;
    private string? _description;

    private HandlingTelemetry(Delivery delivery, Activity? activity, bool isOwn, in TagList tags) => (_delivery, _activity, _isOwn, _tags) = (delivery, activity, isOwn, tags);

    /// <summary>Begins it. Its span becomes the caller's current activity, as a child of the one that the message was published in, or linked to it. In an
    /// activity of Microsoft's worker, which stands for the same, that one is told instead.</summary>
    /// <param name="delivery">What is handled.</param>
    /// <param name="isLinked">Whether the publisher's span is linked and not the parent.</param>
    /// <returns>Null where nobody takes it.</returns>
    public static HandlingTelemetry? Begin(Delivery delivery, bool isLinked)
    {
        if (!Tracing.Source.HasListeners() && !Metrics.AreOfHandling)
        {
            return null;
        }

        var caller = Activity.Current;
        try
        {
            return Start(delivery, isLinked);
        }
        catch (Exception)
        {
            Activity.Current = caller; // A listener of the app's that throws: the message is handled without a span.
            return null;
        }
    }

    /// <summary>Its span, or that of Microsoft's worker in its place; null where nobody listens.</summary>
    public Activity? Span => _activity;

    /// <summary>Notes that the handler has ended.</summary>
    /// <param name="failure">What came out of it; null where it succeeded.</param>
    /// <param name="description">That in words, without secrets.</param>
    public void NoteHandled(Exception? failure, string? description)
    {
        _handled = Stopwatch.GetElapsedTime(_start);
        (_failure, _description) = (failure, description);
    }

    /// <summary>Ends it: the message is settled.</summary>
    public void End()
    {
        Tracing.Quietly(() => Metrics.InFlight.Add(-1, _tags));
        Tracing.Quietly(EndSpan);
        Tracing.Quietly(EndMetrics);
    }

    private static HandlingTelemetry Start(Delivery delivery, bool isLinked)
    {
        var (activity, isOwn) = StartSpan(delivery, isLinked);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag(Conventions.System, Conventions.RabbitMQ)
                .SetTag(Conventions.OperationName, Conventions.ProcessOperation)
                .SetTag(Conventions.OperationType, Conventions.ProcessOperation)
                .SetTag(Conventions.Destination, DestinationOf(delivery))
                .SetTag(Conventions.RoutingKey, delivery.Message.RoutingKey)
                .SetTag(Conventions.DeliveryTag, (long)delivery.DeliveryTag)
                .SetTag(Conventions.MessageId, delivery.RawProperties.MessageId)
                .SetTag(Conventions.ConversationId, delivery.RawProperties.CorrelationId)
                .SetTag(Conventions.ServerAddress, delivery.Server.Host)
                .SetTag(Conventions.ServerPort, delivery.Server.Port)
                .SetTag(Conventions.Queue, delivery.Queue)
                .SetTag(Conventions.Handler, delivery.Handler)
                .SetTag(Conventions.Attempt, delivery.Message.Attempt);
            delivery.TraceParent = activity.IdFormat == ActivityIdFormat.W3C ? activity.Id : null;
        }

        var tags = new TagList
        {
            { Conventions.System, Conventions.RabbitMQ },
            { Conventions.OperationName, Conventions.ProcessOperation },
            { Conventions.Destination, delivery.Queue },
            { Conventions.Handler, delivery.Handler },
        };
        Metrics.InFlight.Add(1, tags);
        return new HandlingTelemetry(delivery, activity, isOwn, tags);
    }

    private void EndSpan()
    {
        if (_activity is not { } activity)
        {
            return;
        }

        activity.SetTag(Conventions.Outcome, Name(_delivery.SettledBy));
        if (_delivery.DeadLetterReason is { } reason)
        {
            activity.SetTag(Conventions.Reason, reason);
        }

        if (_failure is not null)
        {
            activity.SetTag(Conventions.ErrorType, RemoteException.TypeNameOf(_failure)).SetStatus(ActivityStatusCode.Error, _description);
        }

        if (_isOwn)
        {
            activity.Stop();
        }
    }

    private void EndMetrics()
    {
        var tags = _tags;
        if (_failure is not null)
        {
            tags.Add(Conventions.ErrorType, RemoteException.TypeNameOf(_failure));
        }

        Metrics.Consumed.Add(1, tags);
        Metrics.ProcessDuration.Record((_handled ?? Stopwatch.GetElapsedTime(_start)).TotalSeconds, tags);
        if (_delivery.SettledBy is SettleAction.Retry or SettleAction.Requeue)
        {
            Metrics.Retried.Add(1, _tags);
        }
        else if (_delivery.SettledBy != SettleAction.Return && Metrics.Attempts.Enabled)
        {
            Metrics.Attempts.Record(IsNew(_delivery) ? 1 : _delivery.Message.Attempt, _tags);
        }

        if (_delivery.DeadLetterReason is { } why)
        {
            tags = _tags;
            tags.Add(Conventions.Reason, KnownReasons.Contains(why) ? why : DeadLetterReasons.ByHandler); // Handlers may give any number of their own.
            Metrics.Parked.Add(1, tags);
        }
    }

    private static string Name(SettleAction action) => action switch
    {
        SettleAction.Complete => "completed",
        SettleAction.Requeue => "requeued",
        SettleAction.Retry => "retried",
        SettleAction.DeadLetter => "dead_lettered",
        SettleAction.Discard => "discarded",
        _ => "returned",
    };

    private static string DestinationOf(Delivery delivery) => IsNew(delivery)
        ? Conventions.DestinationOf(delivery.Exchange, delivery.RoutingKey, delivery.Queue)
        : Conventions.DestinationOf(delivery.Message.Exchange, delivery.Message.RoutingKey, delivery.Queue);

    /// <summary>Whether it is certain, without its envelope, that it is no copy: those come by way of the default exchange. To read the envelope of each message
    /// would cost more than all else here, and of most no span is recorded.</summary>
    private static bool IsNew(Delivery delivery) => delivery.Exchange.Length > 0 && !delivery.HasEnvelope;

    private static (Activity? Activity, bool IsOwn) StartSpan(Delivery delivery, bool isLinked)
    {
        if (!Tracing.Source.HasListeners())
        {
            return (null, false);
        }

        var publisher = TraceContextHeaders.Read(delivery.RawProperties);
        var links = new List<ActivityLink>();
        if (!IsNew(delivery) && delivery.Message.PreviousTrace is { } previous && ActivityContext.TryParse(previous, null, isRemote: true, out var earlier))
        {
            links.Add(new ActivityLink(earlier));
        }

        if (Tracing.SpanOfWorker is { } workers)
        {
            if (publisher != default && publisher.SpanId != workers.ParentSpanId)
            {
                links.Add(new ActivityLink(publisher));
            }

#if NET9_0_OR_GREATER // Where net8.0 is for, in a Functions host, there is no such span.
            links.ForEach(link => workers.AddLink(link));
#endif
            return (workers, false);
        }

        if (isLinked && publisher != default)
        {
            links.Add(new ActivityLink(publisher));
        }

        var name = $"{Conventions.ProcessOperation} {DestinationOf(delivery)}";
        var caller = Activity.Current;
        Activity.Current = null; // Whatever the consumer was started in is not the parent.
        var activity = Tracing.Source.StartActivity(name, ActivityKind.Consumer, isLinked ? default : publisher, links: links);
        if (activity is null)
        {
            Activity.Current = caller;
        }
        else
        {
            foreach (var (key, value) in TraceContextHeaders.ReadBaggage(delivery.RawProperties))
            {
                activity.AddBaggage(key, value);
            }
        }

        return (activity, true);
    }
}
