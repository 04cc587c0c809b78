using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RabbitTopics.Benchmarks.Measuring;
using RabbitTopics.Benchmarks.Workloads;

namespace RabbitTopics.Benchmarks.Contenders;

/// <summary>A contender in a process of its own, so that it shares no memory, no code that the JIT has made and no processor time with another.</summary>
internal static class ContenderProcess
{
    /// <summary>The first argument of this program as a contender.</summary>
    public const string Argument = "contend";

    /// <summary>What the process prints when its first message is handled, in a start.</summary>
    public const string Handled = "HANDLED";

    private const string Result = "RESULT ";
    private const string Failure = "FAILED ";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>What the process does. Its broker comes by the environment.</summary>
    public static async Task<int> RunAsync(string name, string workload, string count, string exchange, string queue)
    {
        var contender = ContenderNames.Create(name, new Uri(Environment.GetEnvironmentVariable("RabbitMQ")!));
        var load = Workload.All.Single(known => known.Name == workload).Scaled(int.Parse(count, CultureInfo.InvariantCulture));
        try
        {
            Console.WriteLine(Result + JsonSerializer.Serialize(await new Stretch(load, contender, exchange).MeasureAsync(queue)));
            return 0;
        }
        catch (CaseFailedException failure)
        {
            Console.WriteLine(Failure + failure.Message);
            return 1;
        }
    }

    /// <exception cref="CaseFailedException">The contender did not do its work.</exception>
    public static async Task<Measurement> MeasureAsync(string name, Workload workload, Uri broker, string exchange, string queue, CancellationToken cancellationToken)
    {
        string[] arguments = [Argument, name, workload.Name, workload.Count.ToString(CultureInfo.InvariantCulture), exchange, queue];
        var start = new ProcessStartInfo("dotnet", [typeof(ContenderProcess).Assembly.Location, .. arguments]) { RedirectStandardOutput = true };
        start.Environment["RabbitMQ"] = broker.OriginalString;
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            Measurement? measured = null;
            var started = 0.0;
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (line == Handled)
                {
                    started = clock.Elapsed.TotalMilliseconds;
                }
                else if (line.StartsWith(Result, StringComparison.Ordinal))
                {
                    measured = JsonSerializer.Deserialize<Measurement>(line[Result.Length..])! with { Start = started };
                }
                else if (line.StartsWith(Failure, StringComparison.Ordinal))
                {
                    throw new CaseFailedException(line[Failure.Length..]);
                }
                else
                {
                    Console.Error.WriteLine($"{name}: {line}"); // What it logs is a warning at least.
                }
            }

            await process.WaitForExitAsync(limit.Token);
            return measured ?? throw new CaseFailedException($"the process ended with exit code {process.ExitCode} and no result.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CaseFailedException($"it was not done within {Patience.TotalMinutes:0} minutes.");
        }
        finally
        {
            process.Kill(entireProcessTree: true); // Nothing where it has ended.
        }
    }
}
