using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using RabbitTopics.Receiving;
using RabbitTopics.Settling;
using RabbitTopics.Testing;
using RabbitTopics.Topology;

namespace RabbitTopics.BrokerTests.Settling;

/// <summary>Settling while the broker or the network fails.</summary>
public sealed class FaultTests(SharedBroker shared)
{
    private static readonly HandlerResult Succeeded = new(DeliveryOutcome.Succeeded);

    [Fact]
    public async Task A_connection_reset_in_the_middle_of_a_handler_redelivers_its_message_and_the_stale_ack_does_no_harm()
    {
        await using var proxy = new TcpProxy(shared.Uri);
        await using var library = await Library.OnAsync(proxy.Uri);
        await using var plain = await Library.OnAsync(shared.Uri); // Beside the network that fails.
        var deliveries = new ConcurrentQueue<(string Body, bool Redelivered)>();
        var release = new TaskCompletionSource();
        await using var consumer = Consumer(library, plain.Queue, new HandlerOptions(), async (delivery, _) =>
        {
            deliveries.Enqueue((Encoding.UTF8.GetString(delivery.Message.Body.Span), delivery.Message.Redelivered));
            if (deliveries.Count == 1)
            {
                await release.Task;
            }

            return Succeeded;
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(shared.Uri, plain.Queue);
        await PublishAsync(plain, "first");
        await Wait.UntilAsync(() => deliveries.Count == 1, "the first delivery");

        proxy.Reset();
        var clock = Stopwatch.StartNew();
        release.SetResult();

        await Wait.UntilAsync(() => deliveries.Count == 2, "the redelivery");
        Report($"Redelivered {clock.Elapsed.TotalSeconds:0.0} s after the reset.");
        await PublishAsync(plain, "second");
        await Wait.UntilAsync(() => deliveries.Count == 3, "the next message");
        Assert.Equal([("first", false), ("first", true), ("second", false)], deliveries);
        await consumer.StopAsync(CancellationToken.None);
        Assert.Equal(0u, await plain.Channel.MessageCountAsync(plain.Queue));
    }

    [Fact]
    public async Task A_broker_killed_between_the_retry_copy_and_the_ack_loses_nothing_and_makes_one_duplicate_at_most()
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var library = await Library.OnAsync(broker.Uri);
        var attempts = new ConcurrentQueue<(string Body, int Attempt)>();
        var copied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var killed = new TaskCompletionSource();
        await using var consumer = Consumer(library, library.Queue, new HandlerOptions(), async (delivery, _) =>
        {
            var body = Encoding.UTF8.GetString(delivery.Message.Body.Span);
            attempts.Enqueue((body, delivery.Message.Attempt));
            if (delivery.Message is { Attempt: 1, Redelivered: false })
            {
                await delivery.Actions.RetryAsync(TimeSpan.FromSeconds(1)); // Returns when the broker has the copy.
                if (body == "x")
                {
                    copied.SetResult();
                    await killed.Task;
                }
            }

            return Succeeded;
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        await PublishAsync(library, "a retry that shows that the new queues are in use");
        await Wait.UntilAsync(() => attempts.Count == 2, "the first retry");
        await PublishAsync(library, "x");
        await copied.Task.WaitAsync(Wait.Patience);

        await broker.KillAsync();
        killed.SetResult();
        await broker.StartAsync();

        await Wait.UntilAsync(() => attempts.Contains(("x", 2)), "the copy");
        await WaitUntilEmptyAsync(broker.Uri, library.Queue);
        var ofX = attempts.Where(attempt => attempt.Body == "x").Select(attempt => attempt.Attempt).ToArray();
        Report($"Attempts handled: {string.Join(", ", ofX)}.");
        Assert.InRange(ofX.Length, 2, 3);
    }

    [Fact]
    public async Task A_message_whose_copy_the_retry_queue_refuses_stays_with_the_broker_until_there_is_room()
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var library = await Library.OnAsync(broker.Uri);
        var fail = true;
        var attempts = new ConcurrentQueue<(string Body, int Attempt)>();
        var options = new HandlerOptions { OnError = new ErrorPolicy { Delays = [TimeSpan.FromMinutes(1)] } };
        await using var consumer = Consumer(library, library.Queue, options, (delivery, _) =>
        {
            attempts.Enqueue((Encoding.UTF8.GetString(delivery.Message.Body.Span), delivery.Message.Attempt));
            return Volatile.Read(ref fail) ? throw new InvalidOperationException("It fails.") : ValueTask.FromResult(Succeeded);
        });
        await broker.ControlAsync("set_policy", "full", ".*[.]retry[.].*", """{"max-length":1,"overflow":"reject-publish"}""");
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);

        for (var number = 0; number < 10; number++)
        {
            await PublishAsync(library, $"{number}");
        }

        // One at a time is refused, held for a second and tried again: nothing is dropped and nothing is counted.
        await Wait.UntilAsync(() => attempts.Count(attempt => attempt.Attempt == 1) >= 14, "refused messages to come again");
        fail = false;
        await WaitUntilEmptyAsync(broker.Uri, library.Queue);
        var waiting = await Client.CountAsync(broker.Uri, $"{library.Queue}.retry.60000");
        var handledLast = attempts.Select(attempt => attempt.Body).Distinct().Count();
        Report($"{waiting} in the retry queue, the others handled after they were refused.");
        Assert.InRange(waiting, 1u, 9u);
        Assert.Equal(10, handledLast);
        Assert.All(attempts, attempt => Assert.Equal(1, attempt.Attempt));
    }

    [Fact]
    public async Task Three_subscribers_with_a_hundred_failures_each_handle_what_comes_next_in_time()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        var handled = new ConcurrentBag<(int Subscriber, string Body)>();
        var queues = Enumerable.Range(0, 3).Select(number => $"{library.Queue}.{number}").ToArray();
        var consumers = queues.Select((queue, subscriber) => Consumer(library, queue, new HandlerOptions(), (delivery, _) =>
        {
            var body = Encoding.UTF8.GetString(delivery.Message.Body.Span);
            if (body.StartsWith("bad", StringComparison.Ordinal))
            {
                throw new InvalidOperationException("It fails.");
            }

            handled.Add((subscriber, body));
            return ValueTask.FromResult(Succeeded);
        })).ToArray();
        foreach (var (queue, consumer) in queues.Zip(consumers))
        {
            consumer.Start();
            await Client.WaitForConsumersAsync(shared.Uri, queue);
            for (var number = 0; number < 100; number++)
            {
                await library.Channel.BasicPublishAsync("", queue, mandatory: true, Encoding.UTF8.GetBytes($"bad {number}"));
            }
        }

        var clock = Stopwatch.StartNew();
        foreach (var queue in queues)
        {
            for (var number = 0; number < 50; number++)
            {
                await library.Channel.BasicPublishAsync("", queue, mandatory: true, Encoding.UTF8.GetBytes($"good {number}"));
            }
        }

        await Wait.UntilAsync(() => handled.Count >= 150, "150 messages");
        Report($"All of 3 x 50 were handled {clock.Elapsed.TotalSeconds:0.0} s after they were published.");
        Assert.Equal(150, handled.Distinct().Count());
        foreach (var (queue, consumer) in queues.Zip(consumers))
        {
            await consumer.DisposeAsync();
            await library.DeleteQueueAsync(queue);
        }
    }

    [Fact]
    public async Task A_predicate_of_the_policy_that_fails_itself_does_not_hold_up_the_message()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        var attempts = new ConcurrentQueue<int>();
        var options = new HandlerOptions { OnError = new ErrorPolicy { Action = ErrorAction.Requeue, MaxAttempts = 2, IsNonRetryable = _ => throw new InvalidOperationException("A bug.") } };
        await using var consumer = Consumer(library, library.Queue, options, (delivery, _) =>
        {
            attempts.Enqueue(delivery.Message.Attempt);
            throw new InvalidOperationException("It fails.");
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(shared.Uri, library.Queue);
        await PublishAsync(library, "x");

        await library.Channel.TakeAsync($"{library.Queue}.dead");
        Assert.Equal([1, 2], attempts);
    }

    [Fact]
    public async Task A_quorum_queue_counts_a_message_that_is_never_settled_by_itself()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await PublishAsync(library, "deadly");
        for (var crash = 0; crash < 3; crash++)
        {
            await using var connection = await Client.ConnectAsync(shared.Uri);
            await using var channel = await connection.CreateChannelAsync();
            await Wait.UntilAsync(async () => await channel.BasicGetAsync(library.Queue, autoAck: false) is not null, "the message");
            await connection.AbortAsync(); // As a process ends that takes no leave.
        }

        var options = new HandlerOptions { OnError = new ErrorPolicy { MaxRedeliveries = 2 } };
        await using var consumer = new QueueConsumer(library.Broker,
            new QueueConsumerOptions { Queue = library.Queue, Handler = "Test", HandlerOptions = options },
            (_, _) => throw new InvalidOperationException("It must not be handled again."), NullLogger.Instance);
        consumer.Start();

        await Client.WaitForQueueAsync(shared.Uri, $"{library.Queue}.dead");
        var parked = await library.Channel.TakeAsync($"{library.Queue}.dead");
        Assert.Equal("max-redeliveries", Encoding.UTF8.GetString((byte[])parked.BasicProperties.Headers!["rt-dead-letter-reason"]!));
        Assert.False(parked.BasicProperties.Headers.ContainsKey("x-delivery-count"));
    }

    private static QueueConsumer Consumer(Library library, string queue, HandlerOptions options, Func<Delivery, CancellationToken, ValueTask<HandlerResult>> handler) => new(
        library.Broker,
        new QueueConsumerOptions { Queue = queue, Handler = "Test", Topology = new QueueTopology("RabbitMQ", queue, []), HandlerOptions = options },
        handler,
        NullLogger.Instance);

    /// <summary>Publishes, confirmed: the broker answers for what it took.</summary>
    private static Task PublishAsync(Library library, string body) => library.Broker.Publisher.PublishAsync(
        "", library.Queue, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes(body), Wait.Patience, CancellationToken.None);

    private static Task WaitUntilEmptyAsync(Uri uri, string queue) =>
        Wait.UntilAsync(async () => await Client.CountAsync(uri, queue) == 0, $"queue '{queue}' to be empty");

    private static void Report(string figure) => TestContext.Current.TestOutputHelper?.WriteLine(figure);
}
