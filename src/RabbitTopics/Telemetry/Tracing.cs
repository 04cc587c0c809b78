using System.Diagnostics;
using RabbitMQ.Client;

namespace RabbitTopics.Telemetry;

/// <summary>Where the app's spans come from.</summary>
internal static class Tracing
{
    public static readonly ActivitySource Source = new(RabbitTopicsTelemetry.ActivitySourceName, typeof(Tracing).Assembly.GetName().Version?.ToString(3));

    /// <summary>Is listened to where the client library's own spans of publishes are: a listener chooses by name.</summary>
    private static readonly ActivitySource ClientPublishes = new(RabbitMQActivitySource.PublisherSourceName);

    /// <summary>Whether a publish is to have a span of ours: not where it has one of the client library.</summary>
    public static bool IsOfPublish => Source.HasListeners() && !ClientPublishes.HasListeners();

    /// <summary>The caller's activity where it is the one that Microsoft's worker makes of an invocation.</summary>
    public static Activity? SpanOfWorker => Activity.Current is { Source.Name: "Microsoft.Azure.Functions.Worker" } workers ? workers : null;

    /// <summary>Tells those who listen. One that throws must not keep a message from being published, handled or settled.</summary>
    public static void Quietly(Action tell)
    {
        try
        {
            tell();
        }
        catch (Exception)
        {
            // It is the app's own, and there is nobody to tell.
        }
    }
}
