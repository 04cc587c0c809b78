using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using RabbitTopics.Messages;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Receiving;

public sealed class ConcurrencyTests(SharedBroker broker)
{
    [Fact]
    public async Task As_many_handlers_run_as_the_concurrency_says_and_never_more()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var running = 0;
        var peak = 0;
        var done = 0;
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var consumer = library.Consumer(async (delivery, _) =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref peak, now);
            if (now == 32)
            {
                full.TrySetResult();
            }

            await full.Task; // Each of the first 32 waits for the others.
            await Task.Yield();
            Interlocked.Decrement(ref running);
            Interlocked.Increment(ref done);
        }, new HandlerOptions { Concurrency = 32, Prefetch = 64 });
        await PublishAsync(library, 500, _ => null);
        consumer.Start();

        await Wait.UntilAsync(() => done == 500, "500 messages");
        Assert.Equal(32, peak);
    }

    [Fact]
    public async Task At_a_concurrency_of_one_a_thousand_messages_are_handled_in_order()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var seen = new ConcurrentQueue<int>();
        var running = 0;
        await using var consumer = library.Consumer(async (delivery, _) =>
        {
            Assert.Equal(1, Interlocked.Increment(ref running));
            seen.Enqueue(Number(delivery));
            await Task.Yield();
            Interlocked.Decrement(ref running);
        }, new HandlerOptions { Concurrency = 1, Prefetch = 100 });
        await PublishAsync(library, 1000, _ => null);
        consumer.Start();

        await Wait.UntilAsync(() => seen.Count == 1000, "1000 messages");
        Assert.Equal(Enumerable.Range(0, 1000), seen);
    }

    [Fact]
    public async Task Messages_of_one_key_keep_their_order_while_other_keys_run_beside_them()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var seen = new ConcurrentDictionary<int, ConcurrentQueue<int>>();
        var runningOfKey = new ConcurrentDictionary<int, int>();
        var total = 0;
        var together = new CountdownEvent(4);
        await using var consumer = library.Consumer(async (delivery, _) =>
        {
            var key = (int)delivery.Message.Headers["customer"]!;
            Assert.Equal(1, runningOfKey.AddOrUpdate(key, 1, (_, count) => count + 1));
            if (!together.IsSet)
            {
                together.Signal();
                await Task.Run(() => together.Wait(Wait.Patience)); // Four keys are at work at once.
            }

            seen.GetOrAdd(key, _ => new()).Enqueue(Number(delivery));
            await Task.Yield();
            runningOfKey[key] = 0;
            Interlocked.Increment(ref total);
        }, new HandlerOptions { Concurrency = 4, Prefetch = 100, PartitionKey = "header:customer" });
        await PublishAsync(library, 1000, number => number % 10);
        consumer.Start();

        await Wait.UntilAsync(() => total == 1000, "1000 messages");
        Assert.Equal(10, seen.Count);
        Assert.All(seen.Values, numbers => Assert.Equal(numbers.Order(), numbers));
    }

    [Fact]
    public async Task A_key_that_is_held_up_holds_up_no_other()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var release = new TaskCompletionSource();
        var others = 0;
        await using var consumer = library.Consumer(async (delivery, _) =>
        {
            if ((int)delivery.Message.Headers["customer"]! == 0)
            {
                await release.Task;
            }
            else
            {
                Interlocked.Increment(ref others);
            }
        }, new HandlerOptions { Concurrency = 2, Prefetch = 100, PartitionKey = "header:customer" });
        await PublishAsync(library, 60, number => number < 30 ? 0 : 1);
        consumer.Start();

        await Wait.UntilAsync(() => others == 30, "the messages of the other key");
        release.SetResult();
    }

    private static async Task PublishAsync(Library library, int count, Func<int, int?> customer)
    {
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        for (var number = 0; number < count; number++)
        {
            var properties = customer(number) is { } key ? new BasicProperties { Headers = new Dictionary<string, object?> { ["customer"] = key } } : new BasicProperties();
            await library.Channel.BasicPublishAsync("", library.Queue, mandatory: true, properties, Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
        }
    }

    private static int Number(Delivery delivery) => int.Parse(delivery.Message.Body.Span, CultureInfo.InvariantCulture);

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
