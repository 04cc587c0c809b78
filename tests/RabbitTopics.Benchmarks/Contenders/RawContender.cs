using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitTopics.Benchmarks.Measuring;
using RabbitTopics.Benchmarks.Workloads;

namespace RabbitTopics.Benchmarks.Contenders;

/// <summary>The plain client by hand, as its documentation has it: persistent messages with a content type, confirmed, and an error where they reach no
/// queue. The client itself adds a header to each, by which it knows what was returned.</summary>
internal class RawContender(Uri broker) : IContender
{
    private const string ContentType = "application/json";

    public async Task<IAsyncDisposable> ConsumeAsync(string queue, ushort concurrency, ushort prefetch)
    {
        var connection = await ConnectAsync();
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(
            publisherConfirmationsEnabled: false, publisherConfirmationTrackingEnabled: false, consumerDispatchConcurrency: concurrency));
        await channel.BasicQosAsync(0, prefetch, global: false);
        var consuming = new Consuming(connection, channel, HandleAsync);
        await consuming.BeginAsync(queue);
        return consuming;
    }

    public virtual async Task<IPublishing> OpenPublisherAsync(string exchange, string queue)
    {
        var connection = await ConnectAsync();
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(
            publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, outstandingPublisherConfirmationsRateLimiter: null));
        return new Publishing(connection, channel, exchange, queue, Properties);
    }

    /// <summary>The properties of a message.</summary>
    protected virtual BasicProperties Properties(string topic) => new() { ContentType = ContentType, Persistent = true };

    protected virtual Task HandleAsync(Order order) => Tally.Current.HandleAsync(order);

    /// <summary>No recovery by the client, as on our side, which does it itself: it would wrap every channel once more.</summary>
    private Task<IConnection> ConnectAsync() =>
        new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false, TopologyRecoveryEnabled = false }.CreateConnectionAsync();

    private sealed class Consuming(IConnection connection, IChannel channel, Func<Order, Task> handleAsync) : IAsyncDisposable
    {
        private string _consumerTag = "";
        private int _underWay;

        public async Task BeginAsync(string queue)
        {
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += ReceiveAsync;
            _consumerTag = await channel.BasicConsumeAsync(queue, autoAck: false, consumer);
        }

        public async ValueTask DisposeAsync()
        {
            await channel.BasicCancelAsync(_consumerTag);
            while (Volatile.Read(ref _underWay) > 0)
            {
                await Task.Delay(1);
            }

            await channel.CloseAsync();
            await channel.DisposeAsync();
            await connection.DisposeAsync();
        }

        private async Task ReceiveAsync(object sender, BasicDeliverEventArgs delivery)
        {
            Interlocked.Increment(ref _underWay);
            try
            {
                await handleAsync(JsonSerializer.Deserialize(delivery.Body.Span, OrderJson.Default.Order)!);
                await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
            }
            finally
            {
                Interlocked.Decrement(ref _underWay);
            }
        }
    }

    private sealed class Publishing(IConnection connection, IChannel channel, string exchange, string topic, Func<string, BasicProperties> properties) : IPublishing
    {
        public async Task PublishAsync(Order order) => await channel.BasicPublishAsync(exchange, topic, mandatory: true, properties(topic),
            JsonSerializer.SerializeToUtf8Bytes(order, OrderJson.Default.Order));

        public async ValueTask DisposeAsync()
        {
            await channel.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}

/// <summary>The same with every property and header that ours writes: how much of a difference is theirs.</summary>
internal sealed class RawWithHeadersContender(Uri broker) : RawContender(broker)
{
    protected override BasicProperties Properties(string topic)
    {
        var properties = base.Properties(topic);
        properties.MessageId = Guid.CreateVersion7().ToString();
        properties.Timestamp = new AmqpTimestamp(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        properties.Headers = new Dictionary<string, object?>
        {
            ["Micro-Topic"] = topic,
            ["Content-Type"] = properties.ContentType,
            ["Micro-Id"] = properties.MessageId,
            ["Micro-ID"] = properties.MessageId,
        };
        return properties;
    }
}
