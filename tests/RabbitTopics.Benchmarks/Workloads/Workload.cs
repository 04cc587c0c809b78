using RabbitTopics.Benchmarks.Measuring;

namespace RabbitTopics.Benchmarks.Workloads;

/// <summary>What a contender does in a workload.</summary>
internal enum WorkloadKind
{
    /// <summary>Empties a queue.</summary>
    Consume,

    /// <summary>Publishes, each message confirmed.</summary>
    Publish,

    /// <summary>Publishes at a steady rate and handles the same messages.</summary>
    Latency,

    /// <summary>Starts and handles one message.</summary>
    Start,
}

/// <summary>Something that every contender does, and that is measured.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Messages">How many messages are measured, where 20 000 is asked for; other numbers change it in proportion.</param>
/// <param name="Concurrency">Messages handled side by side, or publishes that wait for their confirms.</param>
/// <param name="Figures">What is reported of it.</param>
internal sealed record Workload(string Name, WorkloadKind Kind, int Messages, ushort Concurrency, IReadOnlyList<Figure> Figures)
{
    public const int DefaultMessages = 20_000;

    /// <summary>Messages in a second where the latency is measured.</summary>
    public const int LatencyRate = 1_000;

    private const int Fewest = 10;

    private static readonly Figure[] Costs = [Figure.Throughput, Figure.Cpu, Figure.Allocated];

    public static IReadOnlyList<Workload> All { get; } =
    [
        new("consume-c1", WorkloadKind.Consume, DefaultMessages, 1, Costs),
        new("consume-c16", WorkloadKind.Consume, DefaultMessages, 16, Costs),
        new("consume-10ms-c32", WorkloadKind.Consume, 12_000, 32, Costs) { Handling = TimeSpan.FromMilliseconds(10) },
        new("publish-1", WorkloadKind.Publish, 3_000, 1, Costs),
        new("publish-256", WorkloadKind.Publish, DefaultMessages, 256, Costs),
        new("publish-batch-100", WorkloadKind.Publish, DefaultMessages, 1, Costs) { Batch = 100 },
        new("start", WorkloadKind.Start, 1, 1, [Figure.Start]),
        new("consume-256B", WorkloadKind.Consume, DefaultMessages, 1, Costs) { BodyBytes = 256 },
        new("consume-64KiB", WorkloadKind.Consume, 1_000, 1, Costs) { BodyBytes = 64 * 1024 },
        new("consume-1MiB", WorkloadKind.Consume, 400, 1, Costs) { BodyBytes = 1024 * 1024, Prefetch = 16 }, // 300 would be 300 MiB.
        new("latency", WorkloadKind.Latency, 5_000, 1, [Figure.MedianLatency, Figure.HighLatency, Figure.Cpu, Figure.Allocated]),
        new("backlog", WorkloadKind.Consume, 100_000, 1, [Figure.PeakMemory, .. Costs]),
    ];

    /// <summary>How long the handler waits, as one does that calls others. Zero: it does nothing but count.</summary>
    public TimeSpan Handling { get; init; }

    /// <summary>How many messages are given to the library at once, where it publishes; all are confirmed before the next.</summary>
    public int Batch { get; init; } = 1;

    /// <summary>The length of a message's JSON.</summary>
    public int BodyBytes { get; init; } = 1024;

    /// <summary>How many messages the broker sends ahead of their acknowledgements.</summary>
    public ushort Prefetch { get; init; } = 300;

    /// <summary>Messages consumed before the measured ones and after them. At both ends of what is measured as many messages as the prefetch
    /// are then on their way: where they were taken before the first was handled, they would cost nothing.</summary>
    public int Lead => Kind == WorkloadKind.Consume ? Prefetch : 0;

    /// <summary>All messages of the stretch that is measured.</summary>
    public int Total => Messages + (2 * Lead);

    /// <summary>The number of messages that was asked for.</summary>
    public int Count { get; private init; } = DefaultMessages;

    /// <summary>Whether only the messages are looked at, and no figure: there are too few of them.</summary>
    public bool OnlyCounts => Count < DefaultMessages / 10;

    /// <summary>This workload where another number of messages is asked for.</summary>
    public Workload Scaled(int count) => this with
    {
        Count = count,
        Messages = Kind == WorkloadKind.Start ? Messages : (int)Math.Max(Fewest, (long)Messages * count / DefaultMessages),
    };

    /// <summary>Messages of a stretch to warm up. Where a figure is looked at, enough for the JIT to compile what is called once for each: it does so
    /// after 30 calls, and again after 30 more.</summary>
    public int WarmUp => Math.Clamp(Messages / 8, OnlyCounts ? Fewest : 100, DefaultMessages / 8);

    /// <summary>The queues of the stretches to warm up, before that which is measured. There are several, as the JIT has several tiers. A start is
    /// measured as it is.</summary>
    public IEnumerable<string> WarmUpsOf(string queue) =>
        Enumerable.Range(1, Kind == WorkloadKind.Start ? 0 : OnlyCounts ? 1 : 4).Select(number => $"{queue}.warm-up-{number}");
}
