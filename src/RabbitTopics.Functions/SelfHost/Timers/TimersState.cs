using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>When a timer ran and will run.</summary>
/// <param name="Schedule">The schedule that <paramref name="Next"/> comes from.</param>
/// <param name="Last">When its last run began; null while there was none.</param>
/// <param name="Next">Its next occurrence.</param>
/// <param name="LastUpdated">When this was written; later than anything that the writer had read of the timer.</param>
internal sealed record TimerStatus(string Schedule, DateTimeOffset? Last, DateTimeOffset Next, DateTimeOffset LastUpdated);

/// <summary>The state of the timers in a message.</summary>
/// <param name="Timers">The status of the timers, including those that only another version of the app has.</param>
/// <param name="Own">The timers that the sender has.</param>
internal sealed record TimersBody(IReadOnlyDictionary<string, TimerStatus> Timers, IReadOnlyCollection<string> Own)
{
    /// <summary>Reads a body; null where it is not one of an instance.</summary>
    public static TimersBody? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            var read = JsonSerializer.Deserialize(body, TimersJson.Default.TimersBody);
            return read is { Timers: { } timers, Own: not null } && timers.Values.All(status => status?.Schedule is not null) ? read : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, TimersJson.Default.TimersBody);
}

/// <summary>JSON without reflection, for trimmed programs.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TimersBody))]
internal sealed partial class TimersJson : JsonSerializerContext;

/// <summary>What an instance knows of the app's timers, its own runs and what it read from the queue. Thread-safe.</summary>
internal sealed class TimersState
{
    private readonly ConcurrentDictionary<string, TimerStatus> _timers = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Something has changed that another instance should know.</summary>
    public event Action? Changed;

    /// <summary>The timers that this instance has; they do not change once it has started.</summary>
    public HashSet<string> Own { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The status of a timer; null where nothing is known of it.</summary>
    public TimerStatus? Find(string timer) => _timers.GetValueOrDefault(timer);

    /// <summary>Notes the status of a timer; where it is monitored, other instances should know of it soon. The clock of an earlier leader
    /// may have been ahead of ours: what is written later counts, whatever the clocks say.</summary>
    public void Set(string timer, TimerStatus status, bool isMonitored)
    {
        _timers.AddOrUpdate(timer, status, (_, known) => known.LastUpdated >= status.LastUpdated ? status with { LastUpdated = known.LastUpdated.AddTicks(1) } : status);
        (isMonitored ? Changed : null)?.Invoke();
    }

    /// <summary>Takes over statuses that are newer than the known ones. Returns whether there were any.</summary>
    public bool Merge(IReadOnlyDictionary<string, TimerStatus> others)
    {
        var isNews = false;
        foreach (var (timer, status) in others)
        {
            isNews |= ReferenceEquals(status, _timers.AddOrUpdate(timer, status, (_, known) => status.LastUpdated > known.LastUpdated ? status : known));
        }

        return isNews;
    }

    /// <summary>The state as the body of a message.</summary>
    public byte[] Write() => new TimersBody(_timers, Own).Write();
}
