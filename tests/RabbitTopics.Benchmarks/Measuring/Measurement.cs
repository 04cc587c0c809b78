namespace RabbitTopics.Benchmarks.Measuring;

/// <summary>What one stretch took, in the process of the contender.</summary>
/// <param name="MessagesPerSecond">Throughput.</param>
/// <param name="CpuMicroseconds">Processor time of the process for a message, user and kernel.</param>
/// <param name="AllocatedBytes">Managed memory allocated for a message.</param>
internal sealed record Measurement(double MessagesPerSecond, double CpuMicroseconds, double AllocatedBytes)
{
    /// <summary>The most memory that the process ever had in use, the runtime and the warm-up included.</summary>
    public double PeakMebibytes { get; init; }

    /// <summary>Milliseconds from the call of publish to the handler, of the message in the middle.</summary>
    public double MedianLatency { get; init; }

    /// <summary>The same of the message that 99 of 100 are faster than.</summary>
    public double HighLatency { get; init; }

    /// <summary>Milliseconds from the start of the process to the first message handled.</summary>
    public double Start { get; init; }
}

/// <summary>One number of a measurement, as it is reported.</summary>
/// <param name="Name">Its name in a RATIO line.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Of">Takes it from a measurement.</param>
internal sealed record Figure(string Name, string Unit, Func<Measurement, double> Of)
{
    public static Figure Throughput { get; } = new("throughput", "messages/s", measured => measured.MessagesPerSecond);

    public static Figure Cpu { get; } = new("cpu", "µs CPU/message", measured => measured.CpuMicroseconds);

    public static Figure Allocated { get; } = new("alloc", "bytes/message", measured => measured.AllocatedBytes);

    public static Figure PeakMemory { get; } = new("memory", "MiB at most", measured => measured.PeakMebibytes);

    public static Figure MedianLatency { get; } = new("p50", "ms p50", measured => measured.MedianLatency);

    public static Figure HighLatency { get; } = new("p99", "ms p99", measured => measured.HighLatency);

    public static Figure Start { get; } = new("start", "ms to the first message", measured => measured.Start);
}
