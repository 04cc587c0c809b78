using RabbitTopics.Benchmarks.Contenders;
using RabbitTopics.Benchmarks.Workloads;

namespace RabbitTopics.Benchmarks.Measuring;

/// <summary>What the contenders took for a workload, round by round.</summary>
internal sealed class Results(Workload workload, IReadOnlyList<string> contenders)
{
    private readonly Dictionary<string, List<Measurement>> _measured = contenders.ToDictionary(name => name, _ => new List<Measurement>());

    public Workload Workload => workload;

    public IReadOnlyList<string> Contenders => contenders;

    public void Add(string contender, Measurement measured) => _measured[contender].Add(measured);

    public Spread Of(string contender, Figure figure) => new(_measured[contender].Select(figure.Of));

    /// <summary>To the plain client in the same round: what disturbed one of the two likely disturbed the other. Null where there is nothing to
    /// compare with.</summary>
    public Spread? RatioOf(string contender, Figure figure) =>
        contender != ContenderNames.Raw && _measured.TryGetValue(ContenderNames.Raw, out var raw)
            ? new Spread(_measured[contender].Zip(raw, (one, baseline) => figure.Of(one) / figure.Of(baseline)))
            : null;
}

/// <summary>The middle of some numbers, and their ends.</summary>
internal sealed class Spread
{
    public Spread(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        var middle = sorted.Length / 2;
        Median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        (Least, Most) = (sorted[0], sorted[^1]);
    }

    public double Median { get; }

    public double Least { get; }

    public double Most { get; }
}
