using System.Diagnostics;

namespace RabbitTopics.Benchmarks.Measuring;

/// <summary>Counts the messages of one round as they are handled, and measures from the first of them. Both sides use it; it
/// allocates nothing for a message.</summary>
internal sealed class Tally(int messages)
{
    private readonly int[] _handled = new int[messages];
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _begun;
    private int _distinct;
    private long _allocatedBefore;
    private TimeSpan _cpuBefore;
    private long _startedAt;

    /// <summary>The tally of the round at work. Static, as functions are: a service would cost our side alone.</summary>
    public static Tally Current { get; set; } = new(0);

    /// <summary>Completes when every message was handled.</summary>
    public Task Complete => _complete.Task;

    /// <summary>How many different messages were handled.</summary>
    public int Distinct => Volatile.Read(ref _distinct);

    /// <summary>Starts the clock, if this is the first message.</summary>
    public void Begin()
    {
        if (Volatile.Read(ref _begun) == 0 && Interlocked.Exchange(ref _begun, 1) == 0)
        {
            _allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
            _cpuBefore = Environment.CpuUsage.TotalTime;
            _startedAt = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Counts a message.</summary>
    public void Handled(int number)
    {
        Begin();
        if (Interlocked.Increment(ref _handled[number]) == 1 && Interlocked.Increment(ref _distinct) == messages)
        {
            _complete.SetResult();
        }
    }

    /// <summary>Stops the clock.</summary>
    public Measurement End()
    {
        var elapsed = Stopwatch.GetElapsedTime(_startedAt);
        var cpu = Environment.CpuUsage.TotalTime - _cpuBefore;
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - _allocatedBefore;
        return new Measurement(messages / elapsed.TotalSeconds, cpu.TotalMicroseconds / messages, (double)allocated / messages);
    }

    /// <summary>What went wrong with a message; null where each was handled once.</summary>
    public string? Problem()
    {
        var missing = Array.IndexOf(_handled, 0);
        var doubled = Array.FindIndex(_handled, times => times > 1);
        return missing >= 0 ? $"{_handled.Count(times => times == 0)} of {messages} messages were not handled, the first of them number {missing}."
            : doubled >= 0 ? $"{_handled.Count(times => times > 1)} of {messages} messages were handled more than once, the first of them number {doubled}."
            : null;
    }
}
