using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using RabbitTopics.Testing.App;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Testing.Tests;

/// <summary>The same functions on a real broker and in a test: what becomes of a message is the same. The outcomes of the table in docs/settling.md.</summary>
public sealed class SameAsOnABrokerTests(SharedBroker broker)
{
    private static readonly string[] Outcomes =
        ["ok", "exception", "exception once", "non-retryable", "timeout", "complete", "abandon", "retry", "dead-letter", "complete-then-throw", "two-actions"];

    private static readonly string[] Policies = ["Retry", "Requeue", "DeadLetter", "Discard"];

    [Fact]
    public async Task A_message_ends_in_the_same_place_with_the_same_reason_and_attempts()
    {
        var run = $"kit-{Guid.NewGuid():N}";
        await using var connection = await Client.ConnectAsync(broker.Uri);
        await using var channel = await connection.CreateChannelAsync();
        var inTest = await InTestAsync(run);

        await using var app = AppProcess.Start(
            $"dotnet {typeof(OrderFunctions).Assembly.Location}", new Dictionary<string, string?> { ["RabbitMQ"] = broker.Uri.OriginalString, ["RUN"] = run, ["LIMIT"] = Limit(2) });
        foreach (var (_, queue) in Queues(run))
        {
            await Client.WaitForConsumersAsync(broker.Uri, queue);
        }

        foreach (var (function, topic, body) in Messages(run))
        {
            await channel.BasicPublishAsync("amq.topic", topic, mandatory: true, new BasicProperties { CorrelationId = $"{function} {body}" }, Encoding.UTF8.GetBytes(body));
        }

        // All that is parked in a test is parked there, and nothing else is when nothing is left to be handled.
        var onBroker = new List<string>();
        foreach (var (function, queue) in Queues(run))
        {
            foreach (var _ in inTest.Where(line => line.StartsWith($"{function} ", StringComparison.Ordinal)))
            {
                onBroker.Add(Line(await channel.TakeAsync($"{queue}.dead")));
            }
        }

        await Wait.UntilAsync(async () => (await Task.WhenAll(Queues(run).Select(entry => Client.CountAsync(broker.Uri, entry.Queue)))).All(count => count == 0), "empty queues");
        Assert.Equal(0, await app.StopAsync()); // What it had begun is settled then.
        foreach (var (_, queue) in Queues(run))
        {
            Assert.Equal(0u, await Client.CountAsync(broker.Uri, queue));
            Assert.Equal(0u, await Client.CountAsync(broker.Uri, $"{queue}.dead"));
            foreach (var suffix in new[] { "", ".dead", ".retry.100", ".retry.150", ".retry.200" })
            {
                await Client.TryDeleteQueueAsync(broker.Uri, queue + suffix);
            }
        }

        Assert.Equal(inTest.Order(StringComparer.Ordinal), onBroker.Order(StringComparer.Ordinal));
        Assert.True(inTest.Count > 20, $"{inTest.Count} messages were parked.");
    }

    [Fact]
    public async Task A_handler_that_is_cancelled_as_the_app_stops_gives_its_message_back()
    {
        await using var app = await StartAsync("run", Limit(60)); // Not over before the app stops.

        var sending = app.SendAsync("run.Requeue", "shutdown");
        await app.StopAsync();

        Assert.Equal(HandlingOutcome.Returned, (await sending).Outcome);
    }

    /// <summary>The messages that are parked.</summary>
    private static async Task<List<string>> InTestAsync(string run)
    {
        await using var app = await StartAsync(run, Limit(1));
        var lines = new List<string>();
        foreach (var (function, topic, body) in Messages(run))
        {
            var result = await app.SendToAsync(function, new TopicMessage
            {
                Topic = topic,
                Exchange = "amq.topic",
                Properties = new MessageProperties { CorrelationId = $"{function} {body}" },
                Body = Encoding.UTF8.GetBytes(body),
            });
            if (result.DeadLetter is { } parked)
            {
                lines.Add($"{parked.Message.Properties.CorrelationId}: {result.DeadLetterReason} {result.Attempts.Count} {parked.Topic} {string.Join(" ", parked.Headers.Keys.Order(StringComparer.Ordinal))}");
            }
        }

        return lines;
    }

    private static string Line(BasicGetResult parked)
    {
        var headers = parked.BasicProperties.Headers!;
        return $"{parked.BasicProperties.CorrelationId}: {parked.HeaderText(HeaderNames.DeadLetterReason)} {Convert.ToInt32(headers[HeaderNames.DeadLetterAttempts], CultureInfo.InvariantCulture)} "
            + $"{parked.HeaderText(HeaderNames.Topic)} {string.Join(" ", headers.Keys.Order(StringComparer.Ordinal))}";
    }

    private static IEnumerable<(string Function, string Topic, string Body)> Messages(string run) =>
        [.. from function in Policies from outcome in Outcomes select (function, $"{run}.{function}", outcome), ("Typed", $"{run}.typed", "{ bad")];

    private static IEnumerable<(string Function, string Queue)> Queues(string run) =>
        [("Retry", $"{run}.retry-policy"), ("Requeue", $"{run}.requeue-policy"), ("DeadLetter", $"{run}.dead-letter-policy"), ("Discard", $"{run}.discard-policy"), ("Typed", $"{run}.typed")];

    private static Task<TestApp> StartAsync(string run, string limit) => TestApp.StartAsync<OrderFunctions>(options => (options.Settings["RUN"], options.Settings["LIMIT"]) = (run, limit));

    /// <summary>A time limit of the functions: enough to settle a message while the machine is as busy as now.</summary>
    private static string Limit(int seconds) => Wait.Stretch(TimeSpan.FromSeconds(seconds)).ToString("c", CultureInfo.InvariantCulture);
}
