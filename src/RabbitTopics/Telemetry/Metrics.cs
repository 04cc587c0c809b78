using System.Diagnostics.Metrics;

namespace RabbitTopics.Telemetry;

/// <summary>The app's metrics. Topics are no attributes of them: an app may have any number.</summary>
internal static class Metrics
{
    private static readonly Meter Meter = new(RabbitTopicsTelemetry.MeterName, typeof(Metrics).Assembly.GetName().Version?.ToString(3));

    public static readonly Counter<long> Sent = Meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Messages that were published, or that were to be and failed.");

    public static readonly Histogram<double> PublishDuration = Meter.CreateHistogram<double>("messaging.client.operation.duration", "s", "Time from a publish to its confirm.");

    public static readonly Counter<long> Consumed = Meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Messages that were delivered to a handler, each attempt for itself.");

    public static readonly Histogram<double> ProcessDuration = Meter.CreateHistogram<double>("messaging.process.duration", "s", "Time that a handler was at work on a message.");

    public static readonly UpDownCounter<long> InFlight = Meter.CreateUpDownCounter<long>("rabbittopics.messages.in_flight", "{message}", "Messages that handlers are at work on, or that are not settled yet.");

    public static readonly Histogram<int> Attempts = Meter.CreateHistogram<int>("rabbittopics.message.attempts", "{attempt}", "Attempts that a message took until it was done or parked.");

    public static readonly Counter<long> Retried = Meter.CreateCounter<long>("rabbittopics.messages.retried", "{message}", "Messages that are to be handled again.");

    public static readonly Counter<long> Parked = Meter.CreateCounter<long>("rabbittopics.messages.dead_lettered", "{message}", "Messages that were parked, by reason.");

    public static readonly Counter<long> Reconnects = Meter.CreateCounter<long>("rabbittopics.connection.reconnects", "{connection}", "Connections that were opened again after a loss.");

    public static readonly Histogram<double> TimerLateness = Meter.CreateHistogram<double>("rabbittopics.timer.lateness", "s", "Time from when a timer function was due to its run.");

    /// <summary>Publishes that wait for the broker, of all writers.</summary>
    public static readonly WaitingPublishes Waiting = new(Meter);

    /// <summary>Whether anybody takes what is said of a handling.</summary>
    public static bool AreOfHandling => Consumed.Enabled || ProcessDuration.Enabled || InFlight.Enabled || Attempts.Enabled || Retried.Enabled || Parked.Enabled;

    /// <summary>Whether anybody takes what is said of a publish.</summary>
    public static bool AreOfPublish => Sent.Enabled || PublishDuration.Enabled;
}
