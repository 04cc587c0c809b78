using System.Globalization;
using System.Reflection;
using System.Runtime;
using System.Runtime.InteropServices;
using System.Text;
using RabbitMQ.Client;
using RabbitTopics.Benchmarks.Workloads;

namespace RabbitTopics.Benchmarks.Measuring;

/// <summary>What the program prints. Lines that begin with RATIO are for programs, the others for people.</summary>
internal static class Report
{
    public static void Environment(IConnection connection)
    {
        var broker = connection.ServerProperties?["version"] is byte[] version ? Encoding.UTF8.GetString(version) : "of unknown version";
        Write($"Cores: {System.Environment.ProcessorCount}, {RuntimeInformation.OSDescription}");
        Write($"{RuntimeInformation.FrameworkDescription}, {(GCSettings.IsServerGC ? "server" : "workstation")} GC");
        Write($"RabbitMQ {broker}, RabbitMQ.Client {ClientVersion()}");
    }

    public static void BeginRound(int round, int rounds) => Write($"Round {round} of {rounds}, load average {LoadAverage()}");

    public static void Measured(Workload workload, string contender, Measurement measured) =>
        Write($"  {workload.Name,-17} {contender,-12} {string.Join(", ", workload.Figures.Select(figure => $"{Number(figure.Of(measured))} {figure.Unit}"))}");

    /// <summary>For each workload and figure the medians, and in brackets the ends and the ratio to the plain client; as Markdown.</summary>
    public static void Table(IReadOnlyList<Results> all)
    {
        var contenders = all[0].Contenders;
        Write($"");
        Write($"| workload | figure | {string.Join(" | ", contenders)} |");
        Write($"|---|---|{string.Concat(contenders.Select(_ => "---|"))}");
        foreach (var results in all)
        {
            foreach (var figure in results.Workload.Figures)
            {
                Write($"| {results.Workload.Name} | {figure.Unit} | {string.Join(" | ", contenders.Select(contender => Cell(results, contender, figure)))} |");
            }
        }

        Write($"");
    }

    public static void Ratios(IReadOnlyList<Results> all)
    {
        foreach (var (results, contender) in all.SelectMany(results => results.Contenders.Select(contender => (results, contender))))
        {
            foreach (var figure in results.Workload.Figures)
            {
                if (results.RatioOf(contender, figure) is { } ratio)
                {
                    Ratio($"{contender}-{results.Workload.Name}-{figure.Name}", ratio);
                }
            }
        }
    }

    /// <summary>Prints <c>RATIO name median min max</c>.</summary>
    public static void Ratio(string name, Spread ratio) => Write($"RATIO {name} {ratio.Median:0.000} {ratio.Least:0.000} {ratio.Most:0.000}");

    /// <summary>A number as people read it.</summary>
    public static string Number(double number) => number.ToString(number >= 100 ? "0" : "0.0", CultureInfo.InvariantCulture);

    private static string Cell(Results results, string contender, Figure figure)
    {
        var spread = results.Of(contender, figure);
        var ratio = results.RatioOf(contender, figure) is { } of ? string.Create(CultureInfo.InvariantCulture, $"**{of.Median:0.00}** ({of.Least:0.00}..{of.Most:0.00}) ") : "";
        return $"{ratio}{Number(spread.Median)} ({Number(spread.Least)}..{Number(spread.Most)})";
    }

    /// <summary>How busy the machine has been for 1, 5 and 15 minutes.</summary>
    private static string LoadAverage() =>
        OperatingSystem.IsLinux() ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown";

    /// <summary>The package's version; the assembly's own stays the same over a major version.</summary>
    private static string ClientVersion() =>
        typeof(IConnection).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? "of unknown version";

    private static void Write(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
