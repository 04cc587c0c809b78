using System.Diagnostics;
using RabbitMQ.Client;

namespace RabbitTopics.Telemetry;

/// <summary>The span and the metrics of one publish.</summary>
internal sealed class PublishTelemetry
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Activity? _activity;
    private readonly TagList _tags;

    private PublishTelemetry(Activity? activity, in TagList tags) => (_activity, _tags) = (activity, tags);

    /// <summary>Begins it, and writes the trace's context into the message: that of the span, or of whatever the caller is at. The caller's own activity
    /// stays the current one.</summary>
    /// <returns>Null where nobody takes it.</returns>
    public static PublishTelemetry? Begin(string exchange, string topic, BasicProperties properties, int bodySize, string host, int port)
    {
        var caller = Activity.Current;
        Activity? activity = null;
        if (Tracing.IsOfPublish)
        {
            activity = Tracing.Source.StartActivity($"{Conventions.PublishOperation} {Conventions.DestinationOf(exchange, topic)}", ActivityKind.Producer);
            Activity.Current = caller;
        }

        if ((activity ?? caller) is { IdFormat: ActivityIdFormat.W3C } context)
        {
            TraceContextHeaders.Write(context, properties);
        }

        if (activity is null && !Metrics.AreOfPublish)
        {
            return null;
        }

        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag(Conventions.System, Conventions.RabbitMQ)
                .SetTag(Conventions.OperationName, Conventions.PublishOperation)
                .SetTag(Conventions.OperationType, Conventions.SendType)
                .SetTag(Conventions.Destination, Conventions.DestinationOf(exchange, topic))
                .SetTag(Conventions.RoutingKey, topic)
                .SetTag(Conventions.MessageId, properties.MessageId)
                .SetTag(Conventions.ConversationId, properties.CorrelationId)
                .SetTag(Conventions.BodySize, bodySize)
                .SetTag(Conventions.ServerAddress, host)
                .SetTag(Conventions.ServerPort, port);
        }

        return new PublishTelemetry(activity, new TagList
        {
            { Conventions.System, Conventions.RabbitMQ },
            { Conventions.OperationName, Conventions.PublishOperation },
            { Conventions.Destination, Conventions.Exchange(exchange) },
            { Conventions.ServerAddress, host },
            { Conventions.ServerPort, port },
        });
    }

    /// <summary>Ends it with the publish.</summary>
    public async Task EndAsync(Task publishing)
    {
        try
        {
            await publishing;
            End(null);
        }
        catch (Exception exception)
        {
            End(exception);
            throw;
        }
    }

    private void End(Exception? failure)
    {
        var tags = _tags;
        if (failure is not null)
        {
            var type = failure.GetType().FullName;
            tags.Add(Conventions.ErrorType, type);
            _activity?.SetTag(Conventions.ErrorType, type).SetStatus(ActivityStatusCode.Error, failure.Message);
        }

        _activity?.Stop();
        Metrics.Sent.Add(1, tags);
        Metrics.PublishDuration.Record(Stopwatch.GetElapsedTime(_start).TotalSeconds, tags);
    }
}
