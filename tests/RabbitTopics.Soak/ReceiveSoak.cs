using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.Functions;
using RabbitTopics.Publishing;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Soak;

/// <summary>Mixed messages (good, failing once, always failing, malformed) through four functions, with the broker killed twice: what
/// was handled and what was parked is together what was published.</summary>
internal sealed class ReceiveSoak(int messages, int seed)
{
    private const int PublishersAtWork = 128;

    private static readonly TimeSpan LongestQuiet = TimeSpan.FromMinutes(30);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Order[] _orders = Orders(messages, new Random(seed));
    private readonly Tally _tally = new();
    private TimeSpan _said;

    public async Task<bool> RunAsync()
    {
        Say($"{messages} messages, seed {seed}");
        await using var broker = await PrivateBroker.StartNewAsync();
        using var app = BuildApp(broker);
        await app.StartAsync();
        foreach (var number in Enumerable.Range(0, OrderFunctions.Count))
        {
            await Client.WaitForConsumersAsync(broker.Uri, $"soak.{number}");
        }

        var publishing = PublishAllAsync(app.Services.GetRequiredService<AppBrokers>().Get("RabbitMQ").Publisher);
        foreach (var part in new[] { 4, 2 })
        {
            await Wait.UntilAsync(() => _tally.Distinct >= messages / part, $"1/{part} of the messages to be handled", LongestQuiet);
            Say($"killing the broker, {_tally.Distinct} handled");
            await broker.KillAsync();
            await broker.StartAsync();
            Say("the broker is up again");
        }

        await publishing;
        Say("all published");
        await WaitUntilDrainedAsync(broker);
        var parked = await ReadParkedAsync(broker);
        await app.StopAsync();
        return Judge(parked);
    }

    private static Order[] Orders(int count, Random random) =>
        [.. Enumerable.Range(0, count).Select(number => new Order(number, random.Next(10) switch { < 6 => Fate.Good, < 8 => Fate.FailsOnce, < 9 => Fate.AlwaysFails, _ => Fate.Malformed }))];

    private IHost BuildApp(PrivateBroker broker)
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration.AddInMemoryCollection(
            [new("RabbitMQ", broker.Uri.OriginalString), new($"AzureWebJobs.{TimerFunctions.Name}.Disabled", "true"), new($"AzureWebJobs.{SteadyFunctions.Name}.Disabled", "true")]);
        builder.Logging.ClearProviders();
        builder.UseRabbitTopics();
        builder.Services.AddSingleton(_tally);
        return builder.Build();
    }

    private async Task PublishAllAsync(MessagePublisher publisher)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, PublishersAtWork).Select(async _ =>
        {
            int number;
            while ((number = Interlocked.Increment(ref next)) < messages)
            {
                await PublishAsync(publisher, _orders[number]);
            }
        }));
    }

    /// <summary>Publishes a message until the broker has confirmed it; it may then have it twice.</summary>
    private static async Task PublishAsync(MessagePublisher publisher, Order order)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(order);
        var properties = new BasicProperties
        {
            Persistent = true,
            MessageId = order.Number.ToString(CultureInfo.InvariantCulture),
            CorrelationId = $"{order.Number % 50}",
        };
        while (true)
        {
            try
            {
                await publisher.PublishAsync("amq.topic", $"soak.{order.Number % OrderFunctions.Count}", properties,
                    order.Fate == Fate.Malformed ? body.AsMemory(0, body.Length / 2) : body, TimeSpan.FromSeconds(10), CancellationToken.None);
                return;
            }
            catch (TopicPublishException)
            {
                // The broker is down.
            }
        }
    }

    /// <summary>Waits until no queue but those of parked messages holds any: a message is copied before it leaves its queue, so that it
    /// is always in one.</summary>
    private async Task WaitUntilDrainedAsync(PrivateBroker broker)
    {
        var left = 0L;
        await Wait.UntilAsync(async () =>
        {
            var queues = await broker.ControlAsync("list_queues", "--quiet", "--no-table-headers", "name", "messages");
            left = queues.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))
                .Where(queue => queue.Length == 2 && !queue[0].EndsWith(".dead", StringComparison.Ordinal))
                .Sum(queue => long.Parse(queue[1], CultureInfo.InvariantCulture));
            if (_clock.Elapsed - _said > TimeSpan.FromSeconds(10))
            {
                Say($"{left} messages in queues, {_tally.Distinct} handled");
            }

            return left == 0;
        }, "the queues to be drained", LongestQuiet);
    }

    private static async Task<List<int>> ReadParkedAsync(PrivateBroker broker)
    {
        var parked = new List<int>();
        await using var connection = await broker.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        foreach (var number in Enumerable.Range(0, OrderFunctions.Count))
        {
            while (await channel.BasicGetAsync($"soak.{number}.dead", autoAck: true) is { } message)
            {
                parked.Add(int.Parse(message.BasicProperties.MessageId!, CultureInfo.InvariantCulture));
            }
        }

        return parked;
    }

    private bool Judge(List<int> parked)
    {
        var dead = parked.ToHashSet();
        var handled = _tally.Numbers.ToHashSet();
        var missing = _orders.Count(order => !handled.Contains(order.Number) && !dead.Contains(order.Number));
        var wrong = _orders.Count(order => order.Fate is Fate.AlwaysFails or Fate.Malformed ? handled.Contains(order.Number) : dead.Contains(order.Number));
        foreach (var fate in Enum.GetValues<Fate>())
        {
            var published = _orders.Where(order => order.Fate == fate).ToArray();
            Say($"{fate}: {published.Length} published, {published.Count(order => handled.Contains(order.Number))} handled, {published.Count(order => dead.Contains(order.Number))} parked");
        }

        Say($"{handled.Count} handled + {dead.Count} parked of {messages} published: {missing} missing, {wrong} in the wrong place; "
            + $"{_tally.Duplicates} handled again and {parked.Count - dead.Count} parked again after the broker was killed; "
            + $"peak memory {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB");
        return missing == 0 && wrong == 0;
    }

    private void Say(string text)
    {
        _said = _clock.Elapsed;
        Console.WriteLine($"{_said:mm\\:ss} {text}");
    }
}
