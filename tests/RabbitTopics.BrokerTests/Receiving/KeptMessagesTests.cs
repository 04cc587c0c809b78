using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using RabbitTopics.Messages;
using RabbitTopics.Receiving;
using RabbitTopics.TestSupport;
using RabbitTopics.Topology;

namespace RabbitTopics.BrokerTests.Receiving;

/// <summary>What a handler sees never changes under it, though buffers are used again.</summary>
public sealed class KeptMessagesTests(SharedBroker broker)
{
    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public async Task Ten_thousand_messages_that_a_handler_keeps_stay_as_they_were_while_the_buffers_of_others_are_used_again(int concurrency)
    {
        const int messages = 20_000;
        await using var library = await Library.OnAsync(broker.Uri);
        var bodies = library.Get<MessageBody>();
        var kept = new ConcurrentQueue<(string Number, TopicMessage? Message, ReadOnlyMemory<byte> Body)>();
        var read = new ConcurrentBag<string>();
        await using var consumer = new QueueConsumer(library.Broker, library.Health, new QueueConsumerOptions
        {
            Queue = library.Queue,
            Handler = "Keeps",
            Topology = new QueueTopology("RabbitMQ", library.Queue, []),
            HandlerOptions = new HandlerOptions { Concurrency = concurrency, Prefetch = 300 },
        }, async (delivery, _) =>
        {
            var text = (string)bodies.Read(delivery, typeof(string));
            if (concurrency > 1)
            {
                await Task.Yield();
            }

            switch (int.Parse(text.TrimStart('x'), CultureInfo.InvariantCulture) % 4)
            {
                case 0:
                    kept.Enqueue((text, delivery.Message, default));
                    break;
                case 1:
                    kept.Enqueue((text, null, (ReadOnlyMemory<byte>)bodies.Read(delivery, typeof(ReadOnlyMemory<byte>))));
                    break;
            }

            read.Add(text);
        }, NullLogger.Instance);
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);

        foreach (var chunk in Enumerable.Range(0, messages).Chunk(500))
        {
            await Task.WhenAll(chunk.Select(number => library.Channel.BasicPublishAsync("", library.Queue, mandatory: true, Encoding.UTF8.GetBytes(Text(number))).AsTask()));
        }

        await Wait.UntilAsync(() => read.Count == messages, "all messages");
        Assert.Equal(Enumerable.Range(0, messages).Select(Text).Order(StringComparer.Ordinal), read.Order(StringComparer.Ordinal));
        Assert.Equal(messages / 2, kept.Count);
        Assert.All(kept, one => Assert.Equal(one.Number, Encoding.UTF8.GetString((one.Message?.Body ?? one.Body).Span)));
        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, library.Queue) == 0, "an empty queue");
        await consumer.StopAsync(CancellationToken.None);
        Assert.Equal(0u, await library.Channel.MessageCountAsync(library.Queue)); // And all of them were acknowledged.
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture).PadLeft(100, 'x');
}
