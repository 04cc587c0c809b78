using System.Globalization;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitTopics.Functions;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Soak;

/// <summary>Three instances of an app with a timer of a second, whose leader is killed (SIGKILL) at random moments and started again: each
/// occurrence runs in one of them, and another takes over within 15 seconds.</summary>
internal sealed class TimersSoak(int kills, int seed)
{
    private const int Instances = 3;

    private static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(15);
    private static readonly string[] OtherFunctions = [.. OrderFunctions.Names, SteadyFunctions.Name];

    private readonly List<AppProcess> _everStarted = [];

    /// <summary>One instance: what the soak starts as processes of their own.</summary>
    public static async Task<bool> RunInstanceAsync()
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.UseRabbitTopics();
        await builder.Build().RunAsync();
        return true;
    }

    public async Task<bool> RunAsync()
    {
        Console.WriteLine($"{Instances} instances, {kills} kills, seed {seed}");
        var random = new Random(seed);
        await using var broker = await PrivateBroker.StartNewAsync();
        var alive = Enumerable.Range(0, Instances).Select(_ => Start(broker)).ToList();
        var takeovers = new List<TimeSpan>();
        try
        {
            for (var kill = 0; kill < kills; kill++)
            {
                await WaitForTickAsync(alive, DateTimeOffset.UtcNow);
                await Task.Delay(random.Next(500, 5000));
                var leader = alive.MaxBy(app => Ticks(app).LastOrDefault())!;
                leader.Kill();
                var killed = DateTimeOffset.UtcNow;
                await leader.WaitForExitAsync();
                alive.Remove(leader);
                var next = await WaitForTickAsync(alive, killed);
                takeovers.Add(next - killed);
                Console.WriteLine($"kill {kill + 1}: taken over after {takeovers[^1].TotalMilliseconds:0} ms (the occurrence waited for included)");
                alive.Add(Start(broker));
            }

            foreach (var app in alive)
            {
                await app.StopAsync();
            }

            return Judge(takeovers);
        }
        finally
        {
            foreach (var app in _everStarted)
            {
                await app.DisposeAsync();
            }
        }
    }

    private static List<long> Ticks(AppProcess app) => [.. app.Output.Split('\n')
        .Where(line => line.StartsWith(TimerFunctions.Mark, StringComparison.Ordinal))
        .Select(line => long.Parse(line.AsSpan(TimerFunctions.Mark.Length).TrimEnd(), CultureInfo.InvariantCulture))];

    private static async Task<DateTimeOffset> WaitForTickAsync(List<AppProcess> apps, DateTimeOffset after)
    {
        var first = 0L;
        await Wait.UntilAsync(() => (first = apps.SelectMany(Ticks).Where(tick => tick > after.ToUnixTimeMilliseconds()).Order().FirstOrDefault()) != 0, "a run of the timer");
        return DateTimeOffset.FromUnixTimeMilliseconds(first);
    }

    private AppProcess Start(PrivateBroker broker)
    {
        var app = AppProcess.Start($"{Repository.Program("tests/RabbitTopics.Soak")} timers-instance",
            OtherFunctions.Select(name => KeyValuePair.Create($"AzureWebJobs__{name}__Disabled", (string?)"true"))
                .Append(new("RabbitMQ", broker.Uri.OriginalString))
                .Append(new("RABBITTOPICS_APP_NAME", "soak")).ToDictionary());
        _everStarted.Add(app);
        return app;
    }

    private bool Judge(List<TimeSpan> takeovers)
    {
        var runs = _everStarted.SelectMany((app, instance) => Ticks(app).Select(tick => (Instance: instance, Tick: tick))).OrderBy(run => run.Tick).ToList();
        // Late on a busy machine, two runs of one instance may fall into one second and are two occurrences; those of two instances are not.
        var duplicates = runs.GroupBy(run => run.Tick / 1000).Count(second => second.Select(run => run.Instance).Distinct().Count() > 1);
        var gap = runs.Zip(runs.Skip(1), (one, next) => TimeSpan.FromMilliseconds(next.Tick - one.Tick)).Max();
        takeovers.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{runs.Count} occurrences, {kills} leaders killed: {duplicates} duplicates, longest gap {gap.TotalSeconds:0.0} s, takeover median {takeovers[takeovers.Count / 2].TotalSeconds:0.0} s, max {takeovers[^1].TotalSeconds:0.0} s"));
        return duplicates == 0 && gap <= LongestGap;
    }
}
