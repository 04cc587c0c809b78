using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Publishing;

/// <summary>Publishing while the broker or the network fails: each call ends, typed, in its time.</summary>
public sealed class PublishFaultTests(SharedBroker shared)
{
    [Fact]
    public async Task Ten_thousand_publishes_in_flight_survive_a_killed_broker_each_handled_at_least_once()
    {
        const int count = 10_000;
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var library = await Library.OnAsync(broker.Uri);
        var handled = new ConcurrentDictionary<int, int>();
        await using var consumer = library.Consumer((delivery, _) =>
        {
            handled.AddOrUpdate(int.Parse(delivery.Message.Body.Span, CultureInfo.InvariantCulture), 1, (_, times) => times + 1);
            return ValueTask.CompletedTask;
        }, new HandlerOptions { Prefetch = 300 });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        var publisher = library.Get<ITopicPublisher>();
        var options = new PublishOptions { Resend = true, Timeout = TimeSpan.FromHours(1) };

        var publishes = Enumerable.Range(0, count).Select(number => publisher.PublishAsync(library.Queue, $"{number}", options)).ToArray();
        await Wait.UntilAsync(() => handled.Count > 500, "the first messages");
        await broker.KillAsync();
        Assert.Contains(publishes, publish => !publish.IsCompleted);
        var confirmedBefore = publishes.Count(publish => publish.IsCompletedSuccessfully);
        await broker.StartAsync();
        var clock = Stopwatch.StartNew();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue, within: TimeSpan.FromSeconds(10));
        Report($"Consuming {clock.Elapsed.TotalSeconds:0.0} s after the broker was up; {confirmedBefore} were confirmed before it was killed.");

        await Task.WhenAll(publishes);
        await Wait.UntilAsync(() => handled.Count == count, "every confirmed message to be handled");
        Report($"{count} confirmed, {handled.Count} handled, {handled.Values.Sum(times => times - 1)} of them again.");
    }

    [Fact]
    public async Task After_a_client_that_threw_when_it_had_written_a_message_the_next_gets_its_own_answer()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        var publisher = library.Get<ITopicPublisher>();
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Channel.QueueBindAsync(library.Queue, "amq.topic", library.Queue);
        await publisher.PublishAsync(library.Queue, "before");
        using (WhenWritten(() => throw new InvalidOperationException("This listener throws.")))
        {
            await Assert.ThrowsAnyAsync<Exception>(() => publisher.PublishAsync(library.Queue, "thrown at"));
        }

        await Assert.ThrowsAsync<PublishReturnedException>(() => publisher.PublishAsync($"nobody.{library.Queue}", "returned"));
        await publisher.PublishAsync(library.Queue, "after");
    }

    [Fact]
    public async Task A_message_that_the_broker_refuses_before_the_client_has_returned_is_refused_and_not_lost_with_the_connection()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        var publisher = library.Get<ITopicPublisher>();
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        var options = new PublishOptions { Exchange = $"no-{library.Queue}", Timeout = Wait.Patience };
        using var listener = WhenWritten(() =>
        {
            for (var look = 0; look < 20; look++)
            {
                library.Channel.QueueDeclarePassiveAsync(library.Queue).GetAwaiter().GetResult(); // The broker's refusal comes meanwhile.
            }
        });

        await Assert.ThrowsAsync<PublishRefusedException>(() => publisher.PublishAsync(library.Queue, "x", options));
        await Assert.ThrowsAsync<PublishRefusedException>(() => publisher.PublishAsync(library.Queue, "x", options with { Resend = true }));
    }

    [Fact]
    public async Task What_is_sent_again_keeps_the_order_of_the_calls()
    {
        const int count = 5000;
        await using var proxy = new TcpProxy(shared.Uri);
        await using var library = await Library.OnAsync(proxy.Uri, options => options.MaxPublishesInFlight = 100);
        await using var direct = await Client.ConnectAsync(shared.Uri);
        await using var channel = await direct.CreateChannelAsync();
        await channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await channel.QueueBindAsync(library.Queue, "amq.topic", library.Queue);
        var publisher = library.Get<ITopicPublisher>();
        var options = new PublishOptions { Resend = true, Timeout = TimeSpan.FromHours(1) };

        // Called in order, awaited in none; further calls come while others are lost.
        var publishes = new List<Task>();
        for (var number = 0; number < count; number++)
        {
            publishes.Add(publisher.PublishAsync(library.Queue, $"{number}", options));
            if (number % 500 == 250)
            {
                await Wait.UntilAsync(() => publishes.Count(publish => publish.IsCompleted) >= Math.Max(1, number - 400), "confirms");
                proxy.SwallowsAnswers = true; // What comes next is stored, and has to be sent again.
            }

            if (number % 500 == 300)
            {
                await Wait.UntilAsync(async () => (await channel.QueueDeclarePassiveAsync(library.Queue)).MessageCount > publishes.Count(publish => publish.IsCompleted), "messages without an answer");
                proxy.Reset();
                proxy.SwallowsAnswers = false;
            }
        }

        await Task.WhenAll(publishes);
        var highest = -1;
        var again = 0;
        while (await channel.BasicGetAsync(library.Queue, autoAck: true) is { } message)
        {
            var number = int.Parse(message.Body.Span, CultureInfo.InvariantCulture);
            Assert.True(number <= highest + 1, $"{number} came before {highest + 1}.");
            again += number <= highest ? 1 : 0;
            highest = Math.Max(highest, number);
        }

        Assert.Equal(count - 1, highest);
        Assert.NotEqual(0, again);
        Report($"{again} of {count} came again.");
    }

    [Fact]
    public async Task After_three_restarts_each_queue_has_its_one_consumer_and_nothing_is_lost()
    {
        const int count = 3000;
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var library = await Library.OnAsync(broker.Uri);
        var handled = new ConcurrentDictionary<int, bool>();
        await using var consumer = library.Consumer((delivery, _) =>
        {
            handled[int.Parse(delivery.Message.Body.Span, CultureInfo.InvariantCulture)] = true;
            return ValueTask.CompletedTask;
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        var publisher = library.Get<ITopicPublisher>();
        var clock = Stopwatch.StartNew();
        var publishing = Task.Run(async () =>
        {
            for (var number = 0; number < count; number++)
            {
                await publisher.PublishAsync(library.Queue, $"{number}", new PublishOptions { Resend = true, Timeout = TimeSpan.FromHours(1) });
            }
        });

        for (var restart = 1; restart <= 3; restart++)
        {
            await Wait.UntilAsync(() => handled.Count >= restart * count / 5, $"messages before restart {restart}");
            await broker.KillAsync();
            await broker.StartAsync();
        }

        await publishing;
        await Wait.UntilAsync(() => handled.Count == count, "every message");
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue, 1);
        Report($"{count} confirmed and handled over 3 restarts in {clock.Elapsed.TotalSeconds:0} s, one consumer.");
    }

    [Fact]
    public async Task A_channel_that_the_broker_closes_is_opened_again_by_the_next_publish()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        var exchange = $"{library.Queue}.exchange";
        var options = new PublishOptions { Exchange = exchange, Mandatory = false };
        var publisher = library.Get<ITopicPublisher>();
        Assert.Equal(404, (await Assert.ThrowsAsync<PublishRefusedException>(() => publisher.PublishAsync("topic", "x", options))).ReplyCode);
        await library.Channel.ExchangeDeclareAsync(exchange, "topic", durable: false, autoDelete: false);

        var clock = Stopwatch.StartNew();
        await publisher.PublishAsync("topic", "x", options);

        Report($"Published {clock.Elapsed.TotalMilliseconds:0} ms later.");
        await library.Channel.ExchangeDeleteAsync(exchange);
    }

    [Fact]
    public async Task An_unroutable_publish_is_a_typed_error_within_a_second()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        var publisher = library.Get<ITopicPublisher>();
        await Assert.ThrowsAsync<PublishReturnedException>(() => publisher.PublishAsync($"{library.Queue}.nowhere", "warm-up: opens connection and channel"));

        await Assert.ThrowsAsync<PublishReturnedException>(
            () => publisher.PublishAsync($"{library.Queue}.nowhere", "x", new PublishOptions { Timeout = TimeSpan.FromSeconds(1) }));
    }

    [Fact]
    public async Task A_network_that_swallows_everything_is_noticed_and_publishing_goes_on_when_it_is_back()
    {
        await using var proxy = new TcpProxy(shared.Uri);
        await using var library = await Library.OnAsync(proxy.Uri);
        await using var plain = await Library.OnAsync(shared.Uri);
        await plain.Channel.QueueDeclareAsync(plain.Queue, durable: true, exclusive: false, autoDelete: false);
        var publisher = library.Get<ITopicPublisher>();
        var toQueue = new PublishOptions { Exchange = "", Timeout = TimeSpan.FromSeconds(2) };
        await publisher.PublishAsync(plain.Queue, "before", toQueue with { Timeout = Wait.Patience });

        proxy.IsBlackhole = true;
        var clock = Stopwatch.StartNew();
        await Assert.ThrowsAsync<PublishTimeoutException>(() => publisher.PublishAsync(plain.Queue, "into the hole", toQueue));
        Assert.InRange(clock.Elapsed.TotalSeconds, 1.5, Wait.Stretch(TimeSpan.FromSeconds(5)).TotalSeconds);
        // Without a connection the error is another: so the loss was noticed.
        await Wait.UntilAsync(async () =>
        {
            try
            {
                await publisher.PublishAsync(plain.Queue, "still in the hole", toQueue);
                return false;
            }
            catch (TopicPublishException exception)
            {
                return exception is BrokerUnavailableException;
            }
        }, "the loss to be noticed", TimeSpan.FromSeconds(20));
        Report($"Noticed {clock.Elapsed.TotalSeconds:0.0} s after the network went.");

        proxy.IsBlackhole = false;
        proxy.Reset(); // What went through the hole half is no use to either side.
        clock.Restart();
        await publisher.PublishAsync(plain.Queue, "after", toQueue with { Timeout = Wait.Patience });
        Report($"Published {clock.Elapsed.TotalSeconds:0.0} s after the network was back.");
    }

    [Fact]
    public async Task A_broker_that_reads_slowly_leaves_no_publish_without_an_end_and_memory_bounded()
    {
        await using var proxy = new TcpProxy(shared.Uri);
        await using var library = await Library.OnAsync(proxy.Uri);
        await using var plain = await Library.OnAsync(shared.Uri);
        await plain.Channel.QueueDeclareAsync(plain.Queue, durable: true, exclusive: false, autoDelete: false);
        var publisher = library.Get<ITopicPublisher>();
        await publisher.PublishAsync(plain.Queue, "warm-up", new PublishOptions { Exchange = "" });
        proxy.BytesPerSecond = 1024;
        var body = new byte[65_536];
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var clock = Stopwatch.StartNew();
        var publishes = Enumerable.Range(0, 512).Select(_ => publisher.PublishAsync(plain.Queue, body, new PublishOptions { Exchange = "", Timeout = TimeSpan.FromSeconds(3) })).ToArray();
        await Task.WhenAll(publishes).ContinueWith(_ => { }, TaskScheduler.Default).WaitAsync(Wait.Stretch(TimeSpan.FromSeconds(30)));

        var grown = (GC.GetTotalMemory(forceFullCollection: true) - before) >> 20;
        Report($"512 publishes of 64 KB ended within {clock.Elapsed.TotalSeconds:0.0} s: {publishes.Count(publish => publish.IsCompletedSuccessfully)} confirmed; {grown} MiB more in use.");
        Assert.All(publishes.Where(publish => !publish.IsCompletedSuccessfully), publish => Assert.IsType<TopicPublishException>(publish.Exception!.InnerException, exactMatch: false));
        Assert.True(grown < 64);
    }

    [Fact]
    public async Task A_memory_alarm_times_publishes_out_says_why_and_ends_by_itself()
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        var publisher = library.Get<ITopicPublisher>();
        var toQueue = new PublishOptions { Exchange = "", Timeout = TimeSpan.FromSeconds(2) };
        await publisher.PublishAsync(library.Queue, "before", toQueue with { Timeout = Wait.Patience });
        await broker.ControlAsync("set_vm_memory_high_watermark", "absolute", "1MB");

        // The broker tells a connection that it is blocked when that publishes for the first time after the alarm.
        PublishTimeoutException? timeout = null;
        await Wait.UntilAsync(async () =>
        {
            try
            {
                await publisher.PublishAsync(library.Queue, "during", toQueue);
            }
            catch (PublishTimeoutException exception)
            {
                timeout = exception;
            }

            return library.Broker.PublishingBlockedReason is not null && timeout is not null;
        }, "the alarm to show");
        timeout = await Assert.ThrowsAsync<PublishTimeoutException>(() => publisher.PublishAsync(library.Queue, "during", toQueue));
        Assert.Contains("low on memory", timeout.Message, StringComparison.Ordinal);

        await broker.ControlAsync("set_vm_memory_high_watermark", "0.6");
        var clock = Stopwatch.StartNew();
        await publisher.PublishAsync(library.Queue, "after", toQueue with { Timeout = Wait.Patience });
        Report($"Published {clock.Elapsed.TotalSeconds:0.0} s after the alarm was over.");
        Assert.Null(library.Broker.PublishingBlockedReason);
    }

    [Fact]
    public async Task A_delayed_publish_has_its_timeout_once_for_all_of_its_steps()
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var proxy = new TcpProxy(broker.Uri);
        await using var library = await Library.OnAsync(proxy.Uri);
        var outage = TimeSpan.FromSeconds(4);
        await broker.ControlAsync("set_vm_memory_high_watermark", "absolute", "1MB"); // It makes queues, and takes no messages.
        proxy.IsBlackhole = true;

        var clock = Stopwatch.StartNew();
        var publish = library.Get<ITopicPublisher>().PublishAsync("topic", "x", new PublishOptions { Delay = TimeSpan.FromMinutes(1), Timeout = outage * 1.5 });
        await Wait.UntilAsync(() => clock.Elapsed > outage, "the outage to end");
        proxy.IsBlackhole = false;
        proxy.Reset();

        await Assert.ThrowsAnyAsync<TopicPublishException>(() => publish);
        Assert.InRange(clock.Elapsed, outage * 1.4, Wait.Stretch(outage * 2.2));
    }

    /// <summary>Does something in the client when it has written a message of this test, and before it returns.</summary>
    private static ActivityListener WhenWritten(Action action)
    {
        var isMine = new AsyncLocal<bool> { Value = true };
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "RabbitMQ.Client.Publisher",
            Sample = (ref _) => isMine.Value ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStopped = _ =>
            {
                if (isMine.Value)
                {
                    action();
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static void Report(string figure) => TestContext.Current.TestOutputHelper?.WriteLine(figure);
}
