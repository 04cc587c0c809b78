using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using RabbitTopics.Messages;
using RabbitTopics.Settling;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Settling;

/// <summary>Acknowledgements of several deliveries at once: none includes a message that is not done.</summary>
public sealed class AcknowledgerTests(SharedBroker broker)
{
    private static readonly DeliverySource Source = new("queue", "handler", "Micro-Topic", _ => throw new InvalidOperationException());

    [Fact]
    public async Task What_is_done_is_acknowledged_and_what_is_at_work_before_between_and_behind_is_not()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await using var work = await WorkAsync(library, 10, begun: 4);

        foreach (var done in new[] { 2, 3, 5, 9 })
        {
            await work.Acknowledger.AcknowledgeAsync(work.Deliveries[done], moreFollow: true);
        }

        await work.EndAsync();
        Assert.Equal(["0", "1", "4", "6", "7", "8"], await LeftAsync(library));
    }

    [Fact]
    public async Task Deliveries_that_are_done_in_order_are_acknowledged_together_and_those_given_back_among_them_are_not()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await using var work = await WorkAsync(library, 6, begun: 4);

        await work.Acknowledger.AcknowledgeAsync(work.Deliveries[0], moreFollow: true);
        await work.Acknowledger.AcknowledgeAsync(work.Deliveries[2], moreFollow: true);
        await work.Acknowledger.ReturnAsync(work.Deliveries[1]);
        await work.Acknowledger.AcknowledgeAsync(work.Deliveries[3], moreFollow: false);

        await work.EndAsync();
        Assert.Equal(["1", "4", "5"], await LeftAsync(library));
    }

    [Fact]
    public async Task A_delivery_that_is_late_is_acknowledged_after_those_behind_it()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await using var work = await WorkAsync(library, 200, begun: 200);

        for (var done = 1; done < 200; done++)
        {
            await work.Acknowledger.AcknowledgeAsync(work.Deliveries[done], moreFollow: true);
        }

        await work.Acknowledger.AcknowledgeAsync(work.Deliveries[0], moreFollow: false);
        await work.EndAsync();
        Assert.Empty(await LeftAsync(library));
        Assert.True(work.Channel.CloseReason is { ReplyCode: 200 }, $"{work.Channel.CloseReason}");
    }

    [Fact]
    public async Task Many_handlers_that_end_at_once_have_all_their_deliveries_acknowledged_once()
    {
        const int messages = 2000;
        await using var library = await Library.OnAsync(broker.Uri);
        await using var work = await WorkAsync(library, messages, begun: messages);

        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(number => Task.Run(async () =>
        {
            var random = new Random(number);
            for (var taken = Interlocked.Increment(ref next); taken < messages; taken = Interlocked.Increment(ref next))
            {
                if (random.Next(20) == 0)
                {
                    await Task.Yield();
                }

                await work.Acknowledger.AcknowledgeAsync(work.Deliveries[taken], moreFollow: random.Next(10) > 0);
            }
        })));

        await work.EndAsync();
        Assert.Empty(await LeftAsync(library));
        Assert.True(work.Channel.CloseReason is { ReplyCode: 200 }, $"{work.Channel.CloseReason}"); // Not 406, an unknown delivery tag.
    }

    private static async Task<Work> WorkAsync(Library library, int messages, int begun)
    {
        await library.Channel.QueueDeclareAsync(library.Queue, durable: false, exclusive: false, autoDelete: false);
        for (var number = 0; number < messages; number++)
        {
            await library.Channel.BasicPublishAsync("", library.Queue, mandatory: true, Encoding.UTF8.GetBytes($"{number}"));
        }

        await Wait.UntilAsync(async () => await library.Channel.MessageCountAsync(library.Queue) == messages, "the messages");
        var connection = await Client.ConnectAsync(library.Uri);
        var channel = await connection.CreateChannelAsync();
        var work = new Work(connection, channel, new Acknowledger(channel, library.Queue, prefetch: 300, NullLogger.Instance));
        for (var number = 0; number < begun; number++)
        {
            work.Acknowledger.Begin();
        }

        for (var number = 0; number < messages; number++)
        {
            var taken = (await channel.BasicGetAsync(library.Queue, autoAck: false))!;
            var delivery = new Delivery(Source, taken.Redelivered, taken.Exchange, taken.RoutingKey, taken.BasicProperties, PooledBody.Copy(taken.Body))
            {
                Receipt = work.Acknowledger.Add(taken.DeliveryTag),
                Time = DateTimeOffset.MaxValue, // Handled quickly, however long the test takes.
            };
            work.Deliveries.Add(delivery);
        }

        return work;
    }

    /// <summary>What the broker has in the queue once the channel is closed.</summary>
    private static async Task<List<string>> LeftAsync(Library library)
    {
        var left = new List<string>();
        while (await library.Channel.BasicGetAsync(library.Queue, autoAck: true) is { } message)
        {
            left.Add(Encoding.UTF8.GetString(message.Body.Span));
        }

        left.Sort(StringComparer.Ordinal);
        return left;
    }

    private sealed class Work(IConnection connection, IChannel channel, Acknowledger acknowledger) : IAsyncDisposable
    {
        public List<Delivery> Deliveries { get; } = [];

        public IChannel Channel => channel;

        public Acknowledger Acknowledger => acknowledger;

        /// <summary>Waits until the broker was told of all that were begun, and closes the channel.</summary>
        public async Task EndAsync()
        {
            await acknowledger.WhenSettledAsync().WaitAsync(Wait.Patience);
            await channel.CloseAsync();
        }

        public async ValueTask DisposeAsync()
        {
            acknowledger.Dispose();
            await channel.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
