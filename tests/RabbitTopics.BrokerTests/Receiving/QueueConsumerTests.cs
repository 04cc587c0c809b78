using System.Collections.Concurrent;
using System.Text;
using RabbitMQ.Client;
using RabbitTopics.Settling;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Receiving;

public sealed class QueueConsumerTests(SharedBroker broker)
{
    [Fact]
    public async Task The_queue_is_declared_and_bound_and_its_messages_are_handled_in_order_and_acked()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var seen = new ConcurrentQueue<string>();
        await using var consumer = library.Consumer((delivery, _) =>
        {
            seen.Enqueue(Encoding.UTF8.GetString(delivery.Message.Body.Span));
            return ValueTask.CompletedTask;
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);

        for (var number = 0; number < 100; number++)
        {
            await library.Channel.BasicPublishAsync("amq.topic", library.Queue, mandatory: true, Encoding.UTF8.GetBytes($"{number}"));
        }

        await Wait.UntilAsync(() => seen.Count == 100, "100 messages");
        Assert.Equal(Enumerable.Range(0, 100).Select(number => $"{number}"), seen);
        await consumer.StopAsync(CancellationToken.None);
        Assert.Equal(0u, (await library.Channel.QueueDeclarePassiveAsync(library.Queue)).MessageCount);
    }

    [Fact]
    public async Task A_message_of_65_MiB_is_handled_where_the_broker_takes_it()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var handled = new TaskCompletionSource<int>();
        await using var consumer = library.Consumer((delivery, _) =>
        {
            handled.TrySetResult(delivery.Message.Body.Length);
            return ValueTask.CompletedTask;
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        var body = new byte[65 * 1024 * 1024];
        if (library.Broker.LimitsDeliveries) // RabbitMQ 4, whose max_message_size is 16 MiB.
        {
            body = body[..(15 * 1024 * 1024)];
        }

        await library.Channel.BasicPublishAsync("", library.Queue, mandatory: true, body);

        Assert.Equal(body.Length, await handled.Task.WaitAsync(Wait.Patience));
    }

    [Fact]
    public async Task A_logger_that_throws_keeps_no_message_from_being_settled_and_no_queue_from_being_consumed_again()
    {
        await using var proxy = new TcpProxy(broker.Uri);
        await using var library = await Library.OnAsync(broker.Uri, brokerOfServices: proxy.Uri);
        library.Log.Throws = true;
        var attempts = new ConcurrentQueue<string>();
        await using var consumer = library.Consumer((delivery, _) =>
        {
            attempts.Enqueue($"{Encoding.UTF8.GetString(delivery.Message.Body.Span)}{delivery.Message.Attempt}");
            return delivery.Message.Attempt < 3 ? throw new InvalidOperationException("Not yet.") : ValueTask.CompletedTask;
        }, new HandlerOptions { OnError = { Action = ErrorAction.Requeue } });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);

        await library.SendAsync("x");
        await Wait.UntilAsync(() => attempts.Contains("x3"), "three attempts");
        proxy.Reset();
        await library.SendAsync("y");

        await Wait.UntilAsync(() => attempts.Contains("y3"), "three more after the connection was lost");
        Assert.Equal(["x1", "x2", "x3", "y1", "y2", "y3"], attempts.Distinct()); // The last of x may have been lost with its acknowledgement.
        await consumer.StopAsync(CancellationToken.None).WaitAsync(Wait.Patience);
    }

    [Fact]
    public async Task A_failed_message_is_delivered_again()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var attempts = new ConcurrentQueue<int>();
        await using var consumer = library.Consumer((delivery, _) =>
        {
            attempts.Enqueue(delivery.Message.Attempt);
            if (attempts.Count == 1)
            {
                throw new InvalidOperationException("first try");
            }
            return ValueTask.CompletedTask;
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);

        await library.SendAsync("x");

        await Wait.UntilAsync(() => attempts.Count == 2, "the second delivery");
        Assert.Equal([1, 2], attempts);
    }

    [Fact]
    public async Task A_poison_message_is_parked_as_it_was_with_its_reason()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await using var consumer = library.Consumer((_, _) => throw new PoisonMessageException(new FormatException("no good")));
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);

        var properties = new BasicProperties
        {
            MessageId = "m-1",
            Expiration = "60000",
            UserId = broker.Uri.UserInfo.Split(':')[0],
            Headers = new Dictionary<string, object?> { ["raw"] = new byte[] { 0xFF, 0x00 }, ["number"] = 7 },
        };
        await library.Channel.BasicPublishAsync("amq.topic", library.Queue, mandatory: true, properties, new byte[] { 1, 2, 3 });

        await Client.WaitForQueueAsync(broker.Uri, $"{library.Queue}.dead");
        var parked = await library.Channel.TakeAsync($"{library.Queue}.dead");
        Assert.Equal(new byte[] { 1, 2, 3 }, parked.Body.ToArray());
        Assert.Equal("m-1", parked.BasicProperties.MessageId);
        Assert.Equal(DeliveryModes.Persistent, parked.BasicProperties.DeliveryMode);
        Assert.False(parked.BasicProperties.IsExpirationPresent());
        Assert.Equal(new byte[] { 0xFF, 0x00 }, parked.BasicProperties.Headers!["raw"]);
        Assert.Equal(7, parked.BasicProperties.Headers["number"]);
        Assert.Equal("poison", parked.HeaderText("rt-dead-letter-reason"));
        Assert.Equal("no good", parked.HeaderText("rt-dead-letter-description"));
        Assert.Equal("Test", parked.HeaderText("rt-handler"));
        Assert.Equal(1, parked.BasicProperties.Headers["rt-dead-letter-attempts"]);
        Assert.Equal("System.FormatException", parked.HeaderText("rt-exception-type"));
        Assert.Equal("amq.topic", parked.HeaderText("rt-original-exchange"));
        Assert.Equal(library.Queue, parked.HeaderText("rt-original-routing-key"));
        Assert.Equal(library.Queue, parked.HeaderText("rt-original-queue"));
    }

    [Fact]
    public async Task A_queue_that_is_deleted_while_consuming_is_declared_again()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var seen = 0;
        await using var consumer = library.Consumer((_, _) =>
        {
            Interlocked.Increment(ref seen);
            return ValueTask.CompletedTask;
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);

        await library.Channel.QueueDeleteAsync(library.Queue);

        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        await library.SendAsync("x");
        await Wait.UntilAsync(() => seen == 1, "the message");
    }

    [Fact]
    public async Task A_queue_that_nobody_declares_is_waited_for()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await using var consumer = library.Consumer(library.Consuming() with { Topology = null }, (_, _) => ValueTask.CompletedTask);
        consumer.Start();
        await Wait.UntilAsync(() => library.Health.Problems.Any(problem => problem.Queue == library.Queue && problem.Reason.Contains("Nothing in this app declares the queue", StringComparison.Ordinal)),
            "the consumer to have looked for the queue in vain");

        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);

        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        await Wait.UntilAsync(() => library.Health.Problems.Count == 0, "health to be without a problem");
    }

    [Fact]
    public async Task Stopping_waits_for_the_handler_at_work_and_acks_its_message()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var begun = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using var consumer = library.Consumer(async (_, _) =>
        {
            begun.SetResult();
            await release.Task;
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        await library.SendAsync("at work");
        await begun.Task;
        await library.SendAsync("prefetched");

        var stopping = consumer.StopAsync(CancellationToken.None);
        Assert.False(stopping.IsCompleted);
        release.SetResult();
        await stopping;

        Assert.Equal("prefetched", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
        Assert.Null(await library.Channel.BasicGetAsync(library.Queue, autoAck: true));
    }

    [Fact]
    public async Task A_handler_that_outlives_the_time_for_stopping_is_cancelled_and_its_message_goes_back()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var begun = new TaskCompletionSource();
        await using var consumer = library.Consumer(async (_, cancellationToken) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        await library.SendAsync("x");
        await begun.Task;

        await consumer.StopAsync(new CancellationToken(canceled: true));

        Assert.True((await library.Channel.TakeAsync(library.Queue)).Redelivered);
    }

    [Fact]
    public async Task A_handler_that_ignores_its_cancellation_does_not_hold_up_stopping()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var begun = new TaskCompletionSource();
        var never = new TaskCompletionSource();
        await using var consumer = library.Consumer((_, _) =>
        {
            begun.SetResult();
            return new(never.Task);
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        await library.SendAsync("x");
        await begun.Task;

        await consumer.StopAsync(new CancellationToken(canceled: true)).WaitAsync(Wait.Stretch(TimeSpan.FromSeconds(10))); // Five for the handler.

        never.SetResult();
    }
}
