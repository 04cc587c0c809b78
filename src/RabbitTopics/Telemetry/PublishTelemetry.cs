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
        try
        {
            var activity = Tracing.IsOfPublish
                ? Tracing.Source.StartActivity($"{Conventions.PublishOperation} {Conventions.DestinationOf(exchange, topic)}", ActivityKind.Producer)
                : null;
            if ((activity ?? caller) is { IdFormat: ActivityIdFormat.W3C } context)
            {
                TraceContextHeaders.Write(context, properties);
            }

            return activity is null && !Metrics.AreOfPublish ? null : Begin(activity, exchange, topic, properties, bodySize, host, port);
        }
        catch (Exception)
        {
            return null; // A listener of the app's that throws must not keep the message from being published.
        }
        finally
        {
            if (Activity.Current != caller)
            {
                Activity.Current = caller;
            }
        }
    }

    /// <summary>Ends it with the publish.</summary>
    public async Task EndAsync(Task publishing)
    {
        Exception? failure = null;
        try
        {
            await publishing;
        }
        catch (Exception exception)
        {
            failure = exception;
            throw;
        }
        finally
        {
            Tracing.Quietly(() => EndSpan(failure));
            Tracing.Quietly(() => EndMetrics(failure));
        }
    }

    private static PublishTelemetry Begin(Activity? activity, string exchange, string topic, BasicProperties properties, int bodySize, string host, int port)
    {
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

    private void EndSpan(Exception? failure)
    {
        if (failure is not null)
        {
            _activity?.SetTag(Conventions.ErrorType, failure.GetType().FullName).SetStatus(ActivityStatusCode.Error, failure.Message); // Of ours: they hold no secret.
        }

        _activity?.Stop();
    }

    private void EndMetrics(Exception? failure)
    {
        var tags = _tags;
        if (failure is not null)
        {
            tags.Add(Conventions.ErrorType, failure.GetType().FullName);
        }

        Metrics.Sent.Add(1, tags);
        Metrics.PublishDuration.Record(Stopwatch.GetElapsedTime(_start).TotalSeconds, tags);
    }
}
