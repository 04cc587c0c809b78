using System.Collections.Concurrent;
using System.Text;
using RabbitMQ.Client;
using RabbitTopics.Messages;
using RabbitTopics.Receiving;
using RabbitTopics.Settling;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Settling;

/// <summary>Every outcome, under every policy, at the first and at the last attempt, and what the broker holds afterwards. The
/// table in docs/settling.md, as a test.</summary>
public sealed class SettleTableTests(SharedBroker broker)
{
    private const int MaxAttempts = 3;
    private static readonly string[] Outcomes =
        ["ok", "exception", "non-retryable", "bad-body", "timeout", "shutdown", "complete", "abandon", "retry", "dead-letter", "complete-then-throw", "two-actions"];

    private static readonly string[] Policies = ["Retry", "Requeue", "DeadLetter", "Discard", "AutoAck"];

    public static TheoryData<string, string, int> Table()
    {
        var table = new TheoryData<string, string, int>();
        foreach (var outcome in Outcomes)
        {
            foreach (var policy in Policies)
            {
                table.Add(outcome, policy, 1);
                table.Add(outcome, policy, MaxAttempts);
            }
        }

        return table;
    }

    [Theory]
    [MemberData(nameof(Table))]
    public async Task Afterwards_the_message_is_where_the_table_says(string outcome, string policy, int attempt)
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var results = new ConcurrentQueue<int>();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var consumer = library.Consumer(Options(library, policy, outcome), async (delivery, cancellationToken) =>
        {
            results.Enqueue(delivery.Message.Attempt);
            begun.TrySetResult();
            if (results.Count > 1)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken); // What came back stays as it is, to be looked at.
            }

            await HandleAsync(outcome, delivery, cancellationToken);
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        await library.Channel.BasicPublishAsync("amq.topic", library.Queue, mandatory: true, Properties(attempt), "body"u8.ToArray());
        await begun.Task.WaitAsync(Wait.Patience);

        var (place, reason) = Expected(outcome, policy, attempt);
        if (outcome == "shutdown")
        {
            await consumer.StopAsync(new CancellationToken(canceled: true));
        }
        else if (place == "queue")
        {
            await Wait.UntilAsync(() => results.Count == 2, "the second attempt");
            Assert.Equal([attempt, attempt + 1], results);
        }

        if (place is "dead" or "retry")
        {
            await AssertHeldAsync(library, place, reason, attempt);
        }

        // A consumer that is stopped in peace has settled what it began.
        using var patience = new CancellationTokenSource(place == "queue" ? TimeSpan.Zero : Wait.Patience);
        await consumer.StopAsync(patience.Token);
        if (place == "queue")
        {
            var message = await library.Channel.TakeAsync(library.Queue); // Which is back when the channel is closed.
            Assert.Equal("body", Encoding.UTF8.GetString(message.Body.Span));
            Assert.Equal(outcome == "shutdown" ? attempt - 1 : attempt, message.BasicProperties.Headers!.TryGetValue("rt-attempts", out var counted) ? (int)counted! : 0);
        }

        Assert.Null(await library.Channel.BasicGetAsync(library.Queue, autoAck: true));
        await AssertNothingElsewhereAsync(library, place);
    }

    /// <summary>The table.</summary>
    private static (string Place, string? Reason) Expected(string outcome, string policy, int attempt)
    {
        if (policy == "AutoAck")
        {
            return ("gone", null);
        }

        var last = attempt == MaxAttempts;
        return outcome switch
        {
            "ok" or "complete" or "complete-then-throw" or "two-actions" => ("gone", null),
            "shutdown" => ("queue", null),
            "dead-letter" => ("dead", "own-reason"),
            "abandon" => last ? ("dead", "max-attempts") : ("queue", null),
            "retry" => last ? ("dead", "max-attempts") : ("retry", null),
            _ when policy == "Discard" => ("gone", null),
            "bad-body" => ("dead", "poison"),
            "non-retryable" => ("dead", "non-retryable"),
            _ when policy == "DeadLetter" => ("dead", "failed"),
            _ when last => ("dead", "max-attempts"),
            _ => (policy == "Requeue" ? "queue" : "retry", null),
        };
    }

    private static async ValueTask HandleAsync(string outcome, Delivery delivery, CancellationToken cancellationToken)
    {
        switch (outcome)
        {
            case "exception":
                throw new InvalidOperationException("it failed");
            case "non-retryable":
                throw new ArgumentException("it will always fail");
            case "bad-body":
                throw new PoisonMessageException(new FormatException("no good"));
            case "timeout" or "shutdown":
                await Task.Delay(Timeout.Infinite, cancellationToken);
                break;
            case "complete":
                await delivery.Actions.CompleteAsync(cancellationToken);
                break;
            case "abandon":
                await delivery.Actions.AbandonAsync(cancellationToken);
                break;
            case "retry":
                await delivery.Actions.RetryAsync(TimeSpan.FromMinutes(1), cancellationToken);
                break;
            case "dead-letter":
                await delivery.Actions.DeadLetterAsync("own-reason", "as the handler says", cancellationToken);
                break;
            case "complete-then-throw":
                await delivery.Actions.CompleteAsync(cancellationToken);
                throw new InvalidOperationException("afterwards");
            case "two-actions":
                await delivery.Actions.CompleteAsync(cancellationToken);
                await delivery.Actions.DeadLetterAsync(cancellationToken: cancellationToken);
                break;
        }
    }

    private static async Task AssertHeldAsync(Library library, string place, string? reason, int attempt)
    {
        var queue = place == "dead" ? $"{library.Queue}.dead" : $"{library.Queue}.retry.60000";
        var copy = await Client.TakeAsync(library.Uri, queue);
        var headers = copy.BasicProperties.Headers!;
        Assert.Equal("body", Encoding.UTF8.GetString(copy.Body.Span));
        Assert.Equal("m-1", copy.BasicProperties.MessageId);
        Assert.Equal("value", Text(headers["own"]));
        Assert.Equal(library.Queue, Text(headers["Micro-Topic"]));
        Assert.Equal("amq.topic", Text(headers["rt-original-exchange"]));
        Assert.Equal(library.Queue, Text(headers["rt-original-routing-key"]));
        Assert.IsType<AmqpTimestamp>(headers["rt-first-time"]);
        Assert.Equal(DeliveryModes.Persistent, copy.BasicProperties.DeliveryMode);
        if (place == "retry")
        {
            Assert.Equal(attempt, headers["rt-attempts"]);
            return;
        }

        Assert.Equal(reason, Text(headers["rt-dead-letter-reason"]));
        Assert.Equal(attempt, headers["rt-dead-letter-attempts"]);
        Assert.Equal(library.Queue, Text(headers["rt-original-queue"]));
        Assert.Equal("Table", Text(headers["rt-handler"]));
        Assert.False(headers.ContainsKey("rt-attempts"));
    }

    private static async Task AssertNothingElsewhereAsync(Library library, string place)
    {
        foreach (var queue in new[] { ".dead", ".retry.60000" })
        {
            var exists = await Client.QueueExistsAsync(library.Uri, library.Queue + queue);
            Assert.True(exists ? await Client.CountAsync(library.Uri, library.Queue + queue) == 0 : queue != $".{place}");
        }
    }

    private static QueueConsumerOptions Options(Library library, string policy, string outcome) => library.Consuming() with
    {
        Handler = "Table",
        HandlerOptions = new HandlerOptions
        {
            AutoAck = policy == "AutoAck",
            Timeout = outcome == "timeout" ? TimeSpan.FromSeconds(1) : Wait.Patience,
            OnError = new ErrorPolicy
            {
                Action = policy == "AutoAck" ? ErrorAction.Retry : Enum.Parse<ErrorAction>(policy),
                Delays = [TimeSpan.FromMinutes(1)],
                MaxAttempts = MaxAttempts,
                NonRetryable = [typeof(ArgumentException)],
            },
        },
    };

    private static BasicProperties Properties(int attempt) => new()
    {
        MessageId = "m-1",
        Headers = attempt == 1
            ? new Dictionary<string, object?> { ["own"] = "value" }
            : new Dictionary<string, object?> { ["own"] = "value", ["rt-attempts"] = attempt - 1 },
    };

    private static string Text(object? header) => Encoding.UTF8.GetString((byte[])header!);
}
