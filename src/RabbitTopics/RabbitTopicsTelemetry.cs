namespace RabbitTopics;

/// <summary>The names by which an app's telemetry is asked for: <c>AddSource(RabbitTopicsTelemetry.ActivitySourceName)</c>,
/// <c>AddMeter(RabbitTopicsTelemetry.MeterName)</c>.</summary>
public static class RabbitTopicsTelemetry
{
    /// <summary>The source of the spans: one for each publish, each handling and each run of a timer function.</summary>
    public const string ActivitySourceName = "RabbitTopics";

    /// <summary>The meter of the metrics.</summary>
    public const string MeterName = "RabbitTopics";
}
