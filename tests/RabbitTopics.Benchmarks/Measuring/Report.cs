using System.Globalization;
using System.Reflection;
using System.Runtime;
using System.Runtime.InteropServices;
using System.Text;
using RabbitMQ.Client;

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

    public static void Round(string caseName, string contestant, int round, Measurement measured) =>
        Write($"{caseName,-20} {contestant,-11} {(round == 0 ? "warm-up" : $"round {round}"),-8} {measured.MessagesPerSecond,9:0} messages/s {measured.CpuMicroseconds,8:0.0} µs CPU {measured.AllocatedBytes,8:0} bytes, each message");

    /// <summary>Ours to the baseline's, round by round: what disturbed one of a pair likely disturbed the other.</summary>
    public static void Ratio(
        string name, IEnumerable<Measurement> ours, IEnumerable<Measurement> baseline, Func<Measurement, double> figure) =>
        Ratio(name, ours.Zip(baseline, (our, their) => figure(our) / figure(their)));

    /// <summary>Prints <c>RATIO name median min max</c>.</summary>
    public static void Ratio(string name, IEnumerable<double> ratios)
    {
        double[] sorted = [.. ratios.Order()];
        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        Write($"RATIO {name} {median:0.000} {sorted[0]:0.000} {sorted[^1]:0.000}");
    }

    /// <summary>The package's version; the assembly's own stays the same over a major version.</summary>
    private static string ClientVersion() =>
        typeof(IConnection).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? "of unknown version";

    private static void Write(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
