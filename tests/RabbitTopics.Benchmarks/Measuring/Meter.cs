using System.Diagnostics;

namespace RabbitTopics.Benchmarks.Measuring;

/// <summary>Measures what this process does from a moment on.</summary>
internal readonly struct Meter
{
    private readonly long _allocated;
    private readonly TimeSpan _cpu;
    private readonly long _started;

    private Meter(long allocated)
    {
        _allocated = allocated;
        _cpu = Environment.CpuUsage.TotalTime;
        _started = Stopwatch.GetTimestamp();
    }

    public static Meter Start() => new(GC.GetTotalAllocatedBytes(precise: true));

    public Measurement Stop(int messages)
    {
        var elapsed = Stopwatch.GetElapsedTime(_started);
        var cpu = Environment.CpuUsage.TotalTime - _cpu;
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - _allocated;
        return new Measurement(messages / elapsed.TotalSeconds, cpu.TotalMicroseconds / messages, (double)allocated / messages);
    }
}
