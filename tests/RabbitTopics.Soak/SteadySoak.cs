using System.Diagnostics;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitTopics.Functions;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Soak;

/// <summary>2 000 messages a second for a long time, of which one in a hundred fails at first: none is lost, and memory does not grow.</summary>
internal sealed class SteadySoak(int minutes)
{
    private const int PerSecond = 2000;
    private const int FailsOneIn = 100;

    /// <summary>Of the working set of the last quarter to that of the second; the first has what starts once.</summary>
    private const double MostGrowth = 1.05;

    private static readonly TimeSpan LongestQuiet = TimeSpan.FromMinutes(10);

    private readonly int _messages = minutes * 60 * PerSecond;
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    public async Task<bool> RunAsync()
    {
        Say($"{_messages} messages in {minutes} minutes");
        var tally = new SteadyTally(_messages);
        await using var broker = await PrivateBroker.StartNewAsync();
        using var app = BuildApp(broker, tally);
        await app.StartAsync();
        await Client.WaitForConsumersAsync(broker.Uri, SteadyFunctions.Topic);

        var memory = new List<long>();
        var failed = await PublishAsync(app.Services.GetRequiredService<ITopicPublisher>(), tally, memory);
        await Wait.UntilAsync(() => tally.Distinct == _messages - failed, "what was published to be handled", LongestQuiet);
        await app.StopAsync();
        return Judge(tally, memory, failed, await Client.CountAsync(broker.Uri, SteadyFunctions.Topic));
    }

    private static IHost BuildApp(PrivateBroker broker, SteadyTally tally)
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration.AddInMemoryCollection([new("RabbitMQ", broker.Uri.OriginalString),
            .. OrderFunctions.Names.Append(TimerFunctions.Name).Select(other => KeyValuePair.Create($"AzureWebJobs.{other}.Disabled", (string?)"true"))]);
        builder.Logging.ClearProviders();
        builder.UseRabbitTopics();
        builder.Services.AddSingleton(tally);
        return builder.Build();
    }

    /// <summary>Publishes at the rate, notes the memory of each second, and returns how many publishes failed.</summary>
    private async Task<int> PublishAsync(ITopicPublisher publisher, SteadyTally tally, List<long> memory)
    {
        var failed = 0;
        var begun = _clock.Elapsed;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (var number = 0; number < _messages;)
        {
            await timer.WaitForNextTickAsync();
            for (var due = Math.Min(_messages, (int)((_clock.Elapsed - begun).TotalSeconds * PerSecond)); number < due; number++)
            {
                _ = PublishAsync(new Order(number, number % FailsOneIn == 0 ? Fate.FailsOnce : Fate.Good));
            }

            if (number / PerSecond > memory.Count)
            {
                memory.Add(Environment.WorkingSet);
                if (memory.Count % 60 == 0)
                {
                    Say($"{number} published, {tally.Distinct} handled, {Environment.WorkingSet >> 20} MiB");
                }
            }
        }

        return failed;

        async Task PublishAsync(Order order)
        {
            try
            {
                await publisher.PublishAsync(SteadyFunctions.Topic, order);
            }
            catch (TopicPublishException)
            {
                Interlocked.Increment(ref failed);
            }
        }
    }

    private bool Judge(SteadyTally tally, List<long> memory, int failed, uint left)
    {
        var quarter = memory.Count / 4;
        var (second, last) = (Median(memory[quarter..(2 * quarter)]), Median(memory[(3 * quarter)..]));
        var missing = _messages - failed - tally.Distinct;
        Say($"{_messages - failed} published, {failed} not; {tally.Distinct} handled, {tally.Failed} of them after a failure, {missing} missing, {tally.Duplicates} handled again, {left} left in the queue; "
            + $"memory: second quarter {second >> 20} MiB, last {last >> 20} MiB, ratio {(double)last / second:0.000} (at most {MostGrowth})");
        return missing == 0 && left == 0 && failed == 0 && last <= MostGrowth * second;
    }

    private static long Median(List<long> values) => values.Order().ElementAt(values.Count / 2);

    private void Say(string text) => Console.WriteLine($"{_clock.Elapsed:hh\\:mm\\:ss} {text}");
}
