using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitTopics.Benchmarks.Contenders;
using RabbitTopics.Benchmarks.Measuring;
using RabbitTopics.Benchmarks.Workloads;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Benchmarks.Commands;

/// <summary>Shows what the number of an app's functions costs: each has a queue of its own. Messages are spread over them evenly.</summary>
internal sealed class ManyCommand(PrivateBroker broker, Options options)
{
    private static readonly int[] Numbers = [1, 10, 100, 1000];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var connection = await broker.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true, outstandingPublisherConfirmationsRateLimiter: null), cancellationToken);
        Report.Environment(connection);
        Console.WriteLine("| functions | all queues consumed after, ms | memory then, MiB | connections | consumers | µs CPU/message | bytes/message |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var functions in Numbers.Where(functions => functions <= options.Count / 10))
        {
            Console.WriteLine(await MeasureAsync(functions, channel, cancellationToken));
        }
    }

    private async Task<string> MeasureAsync(int functions, IChannel channel, CancellationToken cancellationToken)
    {
        var prefix = $"many-{functions}";
        var start = new ProcessStartInfo("dotnet",
            [typeof(ManyCommand).Assembly.Location, ManyFunctions.Argument, prefix, functions.ToString(CultureInfo.InvariantCulture), options.Count.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["RabbitMQ"] = broker.Uri.OriginalString;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var process = Process.Start(start)!;
        try
        {
            var ready = (await LineAsync(process, ManyFunctions.Ready, limit.Token)).Split(' ');
            var connections = await CountAsync("list_connections", "client_properties", " consuming", " publishing");
            var consumers = await CountAsync("list_consumers", "queue_name", $"{prefix}.");
            var orders = new Orders(bodyBytes: 1024);
            for (var first = 0; first < options.Count; first += 1000)
            {
                await Task.WhenAll(Enumerable.Range(first, Math.Min(1000, options.Count - first)).Select(number => channel.BasicPublishAsync(
                    "", ManyFunctions.Queue(prefix, number % functions), mandatory: true, new BasicProperties { Persistent = true }, orders.Write(number), limit.Token).AsTask()));
            }

            var measured = JsonSerializer.Deserialize<Measurement>(await LineAsync(process, ManyFunctions.Result, limit.Token))!;
            return string.Create(CultureInfo.InvariantCulture, $"| {functions} | {ready[0]} | {long.Parse(ready[1], CultureInfo.InvariantCulture) >> 20} | {connections} | {consumers} | ")
                + $"{Report.Number(measured.CpuMicroseconds)} | {Report.Number(measured.AllocatedBytes)} |";
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }

        async Task<int> CountAsync(string what, string column, params string[] parts) =>
            (await broker.ControlAsync("--quiet", what, column)).Split('\n').Count(line => parts.Any(part => line.Contains(part, StringComparison.Ordinal)));
    }

    private static async Task<string> LineAsync(Process process, string beginning, CancellationToken cancellationToken)
    {
        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith(beginning, StringComparison.Ordinal))
            {
                return line[beginning.Length..];
            }

            Console.Error.WriteLine(line);
        }

        throw new CaseFailedException("The app ended before its messages were handled.");
    }
}
