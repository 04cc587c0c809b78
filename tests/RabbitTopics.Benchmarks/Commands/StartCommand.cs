using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitTopics.Benchmarks.Measuring;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Benchmarks.Commands;

/// <summary>Compares how soon the demo app is there, in each of the ways to publish it, with a program on the plain client: the time from the
/// start of the process until its queue is consumed, and until the first message is handled.</summary>
internal sealed class StartCommand(Uri broker, Options options)
{
    /// <summary>The first argument of this program as the one on the plain client.</summary>
    public const string RawProgram = "start-raw";

    private const string Queue = "rabbitmqdemo_test";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("rabbittopics-start-").FullName;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        Report.Environment(connection);
        try
        {
            var apps = new List<(string Name, string[] Command)>
            {
                ("jit", ["dotnet", Path.Combine(await PublishAsync("jit", []), "FunctionApp.dll")]),
                ("r2r", [Path.Combine(await PublishAsync("r2r", ["-r", "linux-x64", "--no-self-contained", "-p:PublishReadyToRun=true"]), "FunctionApp")]),
                ("native", [Path.Combine(await PublishAsync("native", ["-r", "linux-x64", "-p:PublishAot=true"]), "FunctionApp")]),
                ("raw", ["dotnet", typeof(StartCommand).Assembly.Location, RawProgram, Queue]), // Last: the others declare the queue.
            };
            var measured = apps.ToDictionary(app => app.Name, _ => new List<(double Ready, double Handled)>());
            for (var round = 0; round <= options.Rounds; round++)
            {
                foreach (var (name, command) in apps)
                {
                    var figures = await StartAsync(command, channel, cancellationToken);
                    Console.WriteLine($"start {name,-7} {(round == 0 ? "warm-up" : $"round {round}"),-8} ready after {figures.Ready,5:0} ms, first message handled after {figures.Handled,5:0} ms");
                    if (round > 0)
                    {
                        measured[name].Add(figures);
                    }
                }
            }

            foreach (var (name, _) in apps.SkipLast(1))
            {
                Report.Ratio($"start-ready-{name}", new Spread(measured[name].Zip(measured["raw"], (our, their) => our.Ready / their.Ready)));
                Report.Ratio($"start-handled-{name}", new Spread(measured[name].Zip(measured["raw"], (our, their) => our.Handled / their.Handled)));
            }
        }
        finally
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>The program on the plain client: consumes the queue, prints what the measuring waits for, and goes on until it is ended.</summary>
    public static async Task RunRawAsync(Uri broker, string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            Console.WriteLine("Received a message");
            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
        };
        await channel.BasicQosAsync(0, 1, global: false);
        Console.WriteLine("Consuming queue " + await channel.BasicConsumeAsync(queue, autoAck: false, consumer));
        await Task.Delay(Timeout.Infinite);
    }

    private async Task<string> PublishAsync(string name, string[] arguments)
    {
        var folder = Path.Combine(_folder, name);
        using var publish = Process.Start(new ProcessStartInfo("dotnet",
            ["publish", Path.Combine(Repository.Root, "src", "FunctionApp"), "-c", "Release", "-o", folder, "-p:RunAnalyzers=false", "-nologo", "-v:quiet", "-tl:off", .. arguments]))!;
        await publish.WaitForExitAsync();
        return publish.ExitCode == 0 ? folder : throw new CaseFailedException($"FAILED start {name}: it could not be published.");
    }

    /// <summary>One start, with a message in the queue: the milliseconds until the queue is consumed and until the message is handled.</summary>
    private async Task<(double Ready, double Handled)> StartAsync(string[] command, IChannel channel, CancellationToken cancellationToken)
    {
        await channel.BasicPublishAsync("", Queue, """{"Id":1,"Name":"first"}"""u8.ToArray(), cancellationToken); // Dropped in the warm-up of the first.
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true };
        foreach (var (name, value) in new[]
        {
            ("RabbitMQ", broker.OriginalString), ("RABBITTOPICS_APP_NAME", "start"), ("AzureWebJobs__WatchEverything__Disabled", "true"),
            ("AzureWebJobs__PublishPerson__Disabled", "true"), ("AzureWebJobs__PublishReminder__Disabled", "true"),
        })
        {
            start.Environment[name] = value;
        }

        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            var (ready, handled) = (0.0, 0.0);
            while (ready == 0 || handled == 0) // They may come in either order.
            {
                var line = await process.StandardOutput.ReadLineAsync(limit.Token) ?? throw new CaseFailedException($"FAILED start {command[0]}: it ended before it handled a message.");
                if (ready == 0 && line.Contains("Consuming queue", StringComparison.Ordinal))
                {
                    ready = clock.Elapsed.TotalMilliseconds;
                    await channel.BasicPublishAsync("amq.topic", "test", """{"Id":2,"Name":"second"}"""u8.ToArray(), cancellationToken); // For the one that had to declare the queue.
                }
                else if (handled == 0 && line.Contains("Received ", StringComparison.Ordinal))
                {
                    handled = clock.Elapsed.TotalMilliseconds;
                }
            }

            return (ready, handled);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            await channel.QueuePurgeAsync(Queue, CancellationToken.None);
        }
    }
}
