using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using RabbitTopics.Messages;
using RabbitTopics.Receiving;
using RabbitTopics.Settling;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Receiving;

/// <summary>The pumps alone, with more deliveries, writers and turns of phase than a broker gives in the same time.</summary>
public sealed class DeliveryPumpsTests(SharedBroker broker)
{
    [Theory]
    [InlineData(1, null, 1)]
    [InlineData(1, null, 4)]
    [InlineData(16, null, 1)]
    [InlineData(16, null, 4)]
    [InlineData(16, "topic", 1)]
    [InlineData(64, "topic", 4)]
    public async Task Each_delivery_is_handled_once_and_no_more_of_them_at_once_than_asked_for(int concurrency, string? partitionKey, int writers)
    {
        const int perWriter = 10_000;
        await using var library = await Library.OnAsync(broker.Uri);
        using var acknowledger = new Acknowledger(library.Channel, library.Queue, prefetch: 10, NullLogger.Instance);
        var handled = new ConcurrentDictionary<ulong, int>();
        var last = new ConcurrentDictionary<string, ulong>();
        int atWork = 0, most = 0, outOfOrder = 0;
        DeliveryPumps pumps = null!;
        pumps = new DeliveryPumps(new HandlerOptions { Concurrency = concurrency, Prefetch = 10, PartitionKey = partitionKey }, async (consumer, delivery) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref atWork));
            handled.AddOrUpdate(delivery.DeliveryTag, 1, (_, times) => times + 1);
            if (partitionKey is not null && last.TryGetValue(delivery.Topic, out var before) && before > delivery.DeliveryTag)
            {
                Interlocked.Increment(ref outOfOrder);
            }

            last[delivery.Topic] = delivery.DeliveryTag;
            switch (delivery.DeliveryTag % 50)
            {
                case 0:
                    await Task.Yield();
                    break;
                case 1:
                    await Task.Delay(1); // Lets the inbox fill up, or all loops come to rest.
                    break;
            }

            Interlocked.Decrement(ref atWork);
            consumer.Acknowledger.End();
        });
        using var consumer = NewConsumer(library, pumps, acknowledger);

        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var number = 0; number < perWriter; number++)
            {
                await pumps.AddAsync(consumer, NewDelivery($"{writer}.{number % 7}", (ulong)((number * writers) + writer)));
                if (number % 1000 == 999)
                {
                    await Wait.UntilAsync(() => !pumps.HaveMore, "the inbox to be empty"); // So that loops come to rest in between.
                }
            }
        })));
        await pumps.CompleteAsync().WaitAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(writers * perWriter, handled.Count);
        Assert.All(handled, one => Assert.Equal(1, one.Value));
        Assert.InRange(most, 1, concurrency);
        Assert.Equal(0, outOfOrder);
        Assert.Empty(pumps.AtWork);
    }

    [Fact]
    public async Task Handlers_that_block_their_threads_keep_no_more_than_their_own_loops()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        using var acknowledger = new Acknowledger(library.Channel, library.Queue, prefetch: 10, NullLogger.Instance);
        using var release = new ManualResetEventSlim();
        var handled = 0;
        var pumps = new DeliveryPumps(new HandlerOptions { Concurrency = 4, Prefetch = 100 }, (consumer, delivery) =>
        {
            if (delivery.DeliveryTag < 3)
            {
                release.Wait();
            }

            Interlocked.Increment(ref handled);
            consumer.Acknowledger.End();
            return Task.CompletedTask;
        });
        using var consumer = NewConsumer(library, pumps, acknowledger);

        for (var number = 0; number < 100; number++)
        {
            await pumps.AddAsync(consumer, NewDelivery("t", (ulong)number));
        }

        await Wait.UntilAsync(() => Volatile.Read(ref handled) == 97, "all but the three that block");
        Assert.Equal(3, pumps.AtWork.Count());
        var completing = pumps.CompleteAsync();
        Assert.False(completing.IsCompleted);
        release.Set();
        await completing.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(100, handled);
    }

    [Fact]
    public async Task What_waits_when_its_consumer_has_ended_is_not_handled()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        using var acknowledger = new Acknowledger(library.Channel, library.Queue, prefetch: 10, NullLogger.Instance);
        var gate = new TaskCompletionSource();
        var handled = new ConcurrentQueue<ulong>();
        var pumps = new DeliveryPumps(new HandlerOptions { Concurrency = 2, Prefetch = 10, PartitionKey = "topic" }, async (consumer, delivery) =>
        {
            await gate.Task;
            handled.Enqueue(delivery.DeliveryTag);
            consumer.Acknowledger.End();
        });
        using var old = NewConsumer(library, pumps, acknowledger);
        await pumps.AddAsync(old, NewDelivery("a", 1)); // At work.
        await Wait.UntilAsync(() => pumps.AtWork.Any(), "the first at work");
        await pumps.AddAsync(old, NewDelivery("a", 2)); // Waits for its turn.
        old.End("the test");
        using var next = NewConsumer(library, pumps, acknowledger);
        await pumps.AddAsync(next, NewDelivery("a", 3));

        gate.SetResult();
        await pumps.CompleteAsync().WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal([1ul, 3ul], handled);
    }

    private static ChannelConsumer NewConsumer(Library library, DeliveryPumps pumps, Acknowledger acknowledger) =>
        new(library.Channel, NewSource(), pumps, acknowledger, suspicious: 2, CancellationToken.None);

    private static DeliverySource NewSource() => new("queue", "handler", "Micro-Topic", _ => throw new InvalidOperationException());

    private static Delivery NewDelivery(string topic, ulong tag) =>
        new(NewSource(), new TopicMessage { Topic = topic, RoutingKey = topic }, new BasicProperties()) { DeliveryTag = tag };

    private static void InterlockedMax(ref int most, int value)
    {
        for (var known = Volatile.Read(ref most); known < value;)
        {
            var before = Interlocked.CompareExchange(ref most, value, known);
            known = before == known ? value : before;
        }
    }
}
