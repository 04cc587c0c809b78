using static RabbitTopics.Startup.OptionsValidation;

namespace RabbitTopics.Functions;

/// <summary>How the queues of an app on Microsoft's host are watched for a listener that has died: it never consumes again until the
/// app is restarted, and says nothing (azure-functions-rabbitmq-extension #230). Without effect where the app hosts itself: its
/// consumers come back by themselves.</summary>
public sealed class ListenerWatchOptions
{
    /// <summary>How long a queue may have messages and no consumer before that is logged at Critical and the app is unhealthy.
    /// Default: one minute.</summary>
    public TimeSpan After { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often the queues are checked. Default: ten seconds.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether messages on which Microsoft's listener fails are parked, reason <see cref="DeadLetterReasons.HostCannotDecode"/>: those
    /// that its client cannot decode end it, and the next one after a restart; those whose header <c>traceparent</c> is not a string fill its
    /// prefetch. They are looked for among the first <see cref="MessagesLookedAt"/> of a queue without a consumer: once each time that one is
    /// found, and at the start, before the host's listener, as far as messages come back from a listener of before. The others stay where
    /// they are, marked as redelivered. Default: true.</summary>
    public bool ParkUndecodable { get; set; } = true;

    /// <summary>How many messages at the head of a queue are looked at: as many as the host prefetches. Default: 30.</summary>
    public int MessagesLookedAt { get; set; } = 30;

    /// <summary>What is wrong with the values: which one, and what to do.</summary>
    internal IEnumerable<string> Problems() => new[] { Time(After), Time(Interval), Number(MessagesLookedAt) }.OfType<string>();
}
