using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Settling;

/// <summary>Settling while the broker or the network fails.</summary>
public sealed class FaultTests(SharedBroker shared)
{
    [Fact]
    public async Task A_connection_reset_in_the_middle_of_a_handler_redelivers_its_message_and_the_stale_ack_does_no_harm()
    {
        await using var proxy = new TcpProxy(shared.Uri);
        await using var library = await Library.OnAsync(proxy.Uri);
        await using var plain = await Library.OnAsync(shared.Uri); // Beside the network that fails.
        var deliveries = new ConcurrentQueue<(string Body, bool Redelivered)>();
        var release = new TaskCompletionSource();
        await using var consumer = library.Consumer(async (delivery, _) =>
        {
            deliveries.Enqueue((Encoding.UTF8.GetString(delivery.Message.Body.Span), delivery.Message.Redelivered));
            if (deliveries.Count == 1)
            {
                await release.Task;
            }
        }, queue: plain.Queue);
        consumer.Start();
        await Client.WaitForConsumersAsync(shared.Uri, plain.Queue);
        await PublishAsync(plain, "first");
        await Wait.UntilAsync(() => deliveries.Count == 1, "the first delivery");

        proxy.Reset();
        var clock = Stopwatch.StartNew();
        await library.Log.WaitForAsync("was interrupted");
        release.SetResult();

        await Wait.UntilAsync(() => deliveries.Count == 2, "the redelivery");
        Report($"Redelivered {clock.Elapsed.TotalSeconds:0.0} s after the reset.");
        await PublishAsync(plain, "second");
        await Wait.UntilAsync(() => deliveries.Count == 3, "the next message");
        Assert.Equal([("first", false), ("first", true), ("second", false)], deliveries);
        Assert.Contains(library.Log.Lines, line => line.Contains("could not be settled (their channel is gone)", StringComparison.Ordinal));
        await consumer.StopAsync(CancellationToken.None);
        Assert.Equal(0u, await plain.Channel.MessageCountAsync(plain.Queue));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_that_fails_when_its_channel_is_gone_is_left_to_the_broker_and_not_copied(bool byActions)
    {
        await using var proxy = new TcpProxy(shared.Uri);
        await using var library = await Library.OnAsync(shared.Uri, brokerOfServices: proxy.Uri);
        var attempts = new ConcurrentQueue<(int Attempt, bool Redelivered)>();
        Exception? thrown = null;
        await using var consumer = library.Consumer(async (delivery, _) =>
        {
            attempts.Enqueue((delivery.Message.Attempt, delivery.Message.Redelivered));
            if (attempts.Count == 1)
            {
                proxy.Reset();
                await Wait.UntilAsync(() => delivery.IsLost, "the end of the channel");
                thrown = byActions ? await Record.ExceptionAsync(() => delivery.Actions.RetryAsync(TimeSpan.FromMinutes(1))) : new FormatException("no good");
                throw thrown!;
            }
        }, new HandlerOptions { OnError = { Delays = [TimeSpan.FromMinutes(1)] } });
        consumer.Start();
        await Client.WaitForConsumersAsync(shared.Uri, library.Queue);
        await library.SendAsync("message");

        await Wait.UntilAsync(() => attempts.Count == 2, "the redelivery");
        await consumer.StopAsync(CancellationToken.None);

        Assert.Equal([(1, false), (1, true)], attempts);
        Assert.Equal(byActions ? typeof(BrokerUnavailableException) : typeof(FormatException), thrown!.GetType());
        Assert.Contains(library.Log.Lines, line => line.Contains("its channel is gone, and the broker delivers it again", StringComparison.Ordinal));
        Assert.Equal(0u, await Client.CountAsync(shared.Uri, $"{library.Queue}.retry.60000"));
    }

    [Fact]
    public async Task A_handler_that_ignores_that_its_action_failed_holds_up_no_other_message()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        var full = new Dictionary<string, object?> { ["x-max-length"] = 1, ["x-overflow"] = "reject-publish" };
        await library.Channel.QueueDeclareAsync($"{library.Queue}.dead", durable: true, exclusive: false, autoDelete: false, full);
        await library.SendAsync("fills it", $"{library.Queue}.dead");
        var handled = new ConcurrentQueue<string>();
        await using var consumer = library.Consumer(async (delivery, _) =>
        {
            var body = Encoding.UTF8.GetString(delivery.Message.Body.Span);
            if (body == "first")
            {
                Assert.IsAssignableFrom<TopicPublishException>(await Record.ExceptionAsync(() => delivery.Actions.DeadLetterAsync()));
            }

            handled.Enqueue(body);
        }, new HandlerOptions { Concurrency = 1, OnError = { Action = ErrorAction.DeadLetter } });
        consumer.Start();
        await Client.WaitForConsumersAsync(shared.Uri, library.Queue);
        await PublishAsync(library, "first");
        await PublishAsync(library, "second");

        await Wait.UntilAsync(() => handled.Contains("second"), "the second message");
        Assert.Equal(["first", "second"], handled);
        await library.Channel.QueuePurgeAsync($"{library.Queue}.dead");
        await Wait.UntilAsync(async () => await Client.CountAsync(shared.Uri, $"{library.Queue}.dead") == 1, "the first message, parked");
    }

    [Fact]
    public async Task A_broker_killed_between_the_retry_copy_and_the_ack_loses_nothing_and_makes_one_duplicate_at_most()
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var library = await Library.OnAsync(broker.Uri);
        var attempts = new ConcurrentQueue<(string Body, int Attempt)>();
        var copied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var killed = new TaskCompletionSource();
        await using var consumer = library.Consumer(async (delivery, cancellationToken) =>
        {
            var body = Encoding.UTF8.GetString(delivery.Message.Body.Span);
            attempts.Enqueue((body, delivery.Message.Attempt));
            if (delivery.Message is { Attempt: 1, Redelivered: false })
            {
                await delivery.Actions.RetryAsync(TimeSpan.FromSeconds(1), cancellationToken); // Returns when the broker has the copy.
                if (body == "x")
                {
                    copied.SetResult();
                    await killed.Task;
                }
            }
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

    [Theory]
    [InlineData("classic")]
    [InlineData("quorum")]
    public async Task Messages_whose_copies_are_refused_are_held_and_handled_once_and_copied_when_there_is_room(string type)
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var library = await Library.OnAsync(broker.Uri);
        var attempts = new ConcurrentQueue<string>();
        await using var consumer = library.Consumer(library.Consuming(type: type) with { HandlerOptions = new() { OnError = new ErrorPolicy { Action = ErrorAction.DeadLetter } } },
            (delivery, _) =>
            {
                attempts.Enqueue($"{Encoding.UTF8.GetString(delivery.Message.Body.Span)}:{delivery.Message.Attempt}:{delivery.Message.Redelivered}");
                throw new InvalidOperationException("It fails.");
            });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        await library.Channel.QueueDeleteAsync($"{library.Queue}.dead");
        await library.Channel.QueueDeclareAsync($"{library.Queue}.dead", durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-max-length"] = 0, ["x-overflow"] = "reject-publish" });

        for (var number = 0; number < 10; number++)
        {
            await PublishAsync(library, $"{number}");
        }

        await Wait.UntilAsync(() => library.Log.Lines.Count(line => line.Contains("its copy could not be published", StringComparison.Ordinal)) >= 30, "copies to be refused again and again");
        Assert.Equal(Enumerable.Range(0, 10).Select(number => $"{number}:1:False"), attempts);
        Assert.Contains(library.Health.Warnings, warning => warning.Contains($"10 message(s) of queue '{library.Queue}' are held", StringComparison.Ordinal));
        await library.Channel.QueueDeleteAsync($"{library.Queue}.dead"); // Which the next copy makes as it should be.

        await Wait.UntilAsync(async () => await Client.QueueExistsAsync(broker.Uri, $"{library.Queue}.dead") && await Client.CountAsync(broker.Uri, $"{library.Queue}.dead") == 10, "the copies");
        await WaitUntilEmptyAsync(broker.Uri, library.Queue);
        Assert.Equal(10, attempts.Count);
        await Wait.UntilAsync(() => library.Health.Warnings.Count == 0, "nothing to be held any more");
    }

    [Fact]
    public async Task Ten_thousand_looks_at_a_parked_message_lose_nothing()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        await using var consumer = library.Consumer(library.Consuming(type: "quorum") with { HandlerOptions = new() { OnError = new ErrorPolicy { Action = ErrorAction.DeadLetter } } },
            (_, _) => throw new InvalidOperationException("It fails."));
        consumer.Start();
        await Client.WaitForConsumersAsync(shared.Uri, library.Queue);
        await PublishAsync(library, "parked");
        var dead = $"{library.Queue}.dead";
        await Wait.UntilAsync(async () => await Client.CountAsync(shared.Uri, dead) == 1, "the dead letter");

        for (var look = 0; look < 10_000; look++)
        {
            BasicGetResult? message;
            while ((message = await library.Channel.BasicGetAsync(dead, autoAck: false)) is null)
            {
                await Wait.UntilAsync(async () => await Client.CountAsync(shared.Uri, dead) == 1, "the message to be back");
            }

            await library.Channel.BasicNackAsync(message.DeliveryTag, multiple: false, requeue: true);
        }

        Assert.Equal("parked", Encoding.UTF8.GetString((await library.Channel.TakeAsync(dead)).Body.Span));
    }

    [Fact]
    public async Task A_message_that_ends_the_process_again_and_again_is_parked_and_those_prefetched_with_it_are_handled()
    {
        await using var proxy = new TcpProxy(shared.Uri);
        await using var library = await Library.OnAsync(proxy.Uri);
        await using var plain = await Library.OnAsync(shared.Uri);
        var deadly = 0;
        var handled = new ConcurrentDictionary<string, bool>();
        await using var consumer = library.Consumer(library.Consuming(type: "quorum") with { HandlerOptions = new() { OnError = new ErrorPolicy { MaxRedeliveries = 3 } } }, (delivery, _) =>
        {
            var body = Encoding.UTF8.GetString(delivery.Message.Body.Span);
            if (body == "deadly")
            {
                Interlocked.Increment(ref deadly);
                proxy.Reset(); // For the broker it is the end of the process, with all that it had prefetched.
            }
            else
            {
                handled[body] = true;
            }

            return ValueTask.CompletedTask;
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(shared.Uri, library.Queue);
        string[] innocent = [.. Enumerable.Range(0, 20).Select(number => $"{number}")];
        foreach (var body in innocent.Prepend("deadly"))
        {
            await plain.Channel.BasicPublishAsync("", library.Queue, mandatory: true, Encoding.UTF8.GetBytes(body));
        }

        await Wait.UntilAsync(() => handled.Count == innocent.Length, "the others");
        var parked = await Client.TakeAsync(shared.Uri, $"{library.Queue}.dead");
        Assert.Equal("deadly", Encoding.UTF8.GetString(parked.Body.Span));
        Assert.Equal(0u, await Client.CountAsync(shared.Uri, $"{library.Queue}.dead"));
        Assert.Equal(4, deadly);
    }

    [Fact]
    public async Task A_settlement_that_the_handler_did_not_wait_for_and_that_fails_leaves_the_message_unsettled()
    {
        await using var library = await Library.OnAsync(shared.Uri, options => options.Topology = TopologyMode.None); // Nothing makes the dead-letter queue.
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        var handled = new TaskCompletionSource();
        await using var consumer = library.Consumer((delivery, cancellationToken) =>
        {
            _ = delivery.Actions.DeadLetterAsync("odd", cancellationToken: cancellationToken);
            handled.TrySetResult();
            return ValueTask.CompletedTask;
        });
        consumer.Start();
        await PublishAsync(library, "x");
        await handled.Task.WaitAsync(Wait.Patience);

        await consumer.StopAsync(CancellationToken.None);

        Assert.Equal("x", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
    }

    [Fact]
    public async Task A_copy_that_the_broker_is_slow_to_confirm_is_waited_for_and_not_sent_again()
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var library = await Library.OnAsync(broker.Uri);
        await using var consumer = library.Consumer((_, _) => throw new InvalidOperationException("It fails."), new HandlerOptions { OnError = new ErrorPolicy { Action = ErrorAction.DeadLetter } });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        await DeadLetterQueueAsync("suspend");

        await library.SendAsync("x");

        await Wait.UntilAsync(() => library.Log.Lines.Count(line => line.Contains("could not be published: the broker has not confirmed it", StringComparison.Ordinal)) >= 2,
            "the copy to be said to be late, and again");
        Assert.Contains($"1 message(s) of queue '{library.Queue}' are held, as their copies cannot be published: the broker has not confirmed it.", library.Health.Warnings);
        await DeadLetterQueueAsync("resume");
        await Wait.UntilAsync(() => library.Health.Warnings.Count == 0, "the copy to be confirmed");
        await consumer.StopAsync(CancellationToken.None);
        Assert.Equal((1u, 0u), (await library.Channel.MessageCountAsync($"{library.Queue}.dead"), await library.Channel.MessageCountAsync(library.Queue)));

        Task DeadLetterQueueAsync(string what) => broker.ControlAsync("eval",
            $"{{ok, Queue}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<\"/\">>, queue, <<\"{library.Queue}.dead\">>)), sys:{what}(amqqueue:get_pid(Queue)).");
    }

    [Fact]
    public async Task What_a_handler_parks_itself_is_in_the_log()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        await using var consumer = library.Consumer(async (delivery, cancellationToken) => await delivery.Actions.DeadLetterAsync("odd", cancellationToken: cancellationToken));
        consumer.Start();
        await Client.WaitForConsumersAsync(shared.Uri, library.Queue);
        await PublishAsync(library, "x");

        await library.Log.WaitForAsync($"it is parked in '{library.Queue}.dead' (odd)");
    }

    [Fact]
    public async Task Three_subscribers_with_a_hundred_failures_each_handle_what_comes_next_in_time()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        var handled = new ConcurrentBag<(int Subscriber, string Body)>();
        var queues = Enumerable.Range(0, 3).Select(number => $"{library.Queue}.{number}").ToArray();
        var consumers = queues.Select((queue, subscriber) => library.Consumer((delivery, _) =>
        {
            var body = Encoding.UTF8.GetString(delivery.Message.Body.Span);
            if (body.StartsWith("bad", StringComparison.Ordinal))
            {
                throw new InvalidOperationException("It fails.");
            }

            handled.Add((subscriber, body));
            return ValueTask.CompletedTask;
        }, queue: queue)).ToArray();
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
        await using var consumer = library.Consumer((delivery, _) =>
        {
            attempts.Enqueue(delivery.Message.Attempt);
            throw new InvalidOperationException("It fails.");
        }, options);
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
        await using var consumer = library.Consumer(library.Consuming() with { Topology = null, HandlerOptions = options },
            (_, _) => throw new InvalidOperationException("It must not be handled again."));
        consumer.Start();

        await Client.WaitForQueueAsync(shared.Uri, $"{library.Queue}.dead");
        var parked = await library.Channel.TakeAsync($"{library.Queue}.dead");
        Assert.Equal("max-redeliveries", parked.HeaderText("rt-dead-letter-reason"));
        Assert.False(parked.BasicProperties.Headers!.ContainsKey("x-delivery-count"));
    }

    /// <summary>Publishes, confirmed: the broker answers for what it took.</summary>
    private static Task PublishAsync(Library library, string body) => library.Broker.Publisher.PublishAsync(
        "", library.Queue, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes(body), Wait.Patience, CancellationToken.None);

    private static Task WaitUntilEmptyAsync(Uri uri, string queue) =>
        Wait.UntilAsync(async () => await Client.CountAsync(uri, queue) == 0, $"queue '{queue}' to be empty");

    private static void Report(string figure) => TestContext.Current.TestOutputHelper?.WriteLine(figure);
}
