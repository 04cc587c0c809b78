using System.Buffers.Text;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitTopics.Benchmarks.Handlers;
using RabbitTopics.Benchmarks.Measuring;

namespace RabbitTopics.Benchmarks.Consumers;

/// <summary>The plain client, as its own documentation uses it: one acknowledgement for each message.</summary>
/// <param name="broker">The broker.</param>
/// <param name="queue">The queue.</param>
/// <param name="messages">How many messages the queue holds.</param>
/// <param name="concurrency">The client's own consumer dispatch concurrency.</param>
/// <param name="readNumber">Reads a body and gives the message's number.</param>
internal sealed class RawConsumer(
    Uri broker, string queue, int messages, ushort concurrency, Func<ReadOnlyMemory<byte>, int> readNumber) : IConsumer
{
    private static readonly int NumberAt = "{\"Number\":".Length;

    private readonly TaskCompletionSource _acknowledged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IConnection? _connection;
    private IChannel? _channel;
    private string _consumerTag = "";
    private int _acknowledgements;

    public static int ReadJson(ReadOnlyMemory<byte> body) => JsonSerializer.Deserialize(body.Span, BenchmarkJson.Default.Order)!.Number;

    /// <summary>Takes the number where it stands, as a consumer that cares for no more would.</summary>
    public static int ReadNumberOnly(ReadOnlyMemory<byte> body) => Utf8Parser.TryParse(body.Span[NumberAt..], out int number, out _)
        ? number
        : throw new FormatException("The message does not begin with its number.");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // No recovery, as on our side: it would wrap every channel once more.
        var factory = new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false, TopologyRecoveryEnabled = false };
        _connection = await factory.CreateConnectionAsync(cancellationToken);
        _channel = await _connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: false, publisherConfirmationTrackingEnabled: false,
                consumerDispatchConcurrency: concurrency), cancellationToken);
        await _channel.BasicQosAsync(0, IConsumer.Prefetch, global: false, cancellationToken);
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += HandleAsync;
        _consumerTag = await _channel.BasicConsumeAsync(queue, autoAck: false, consumer, cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _channel!.BasicCancelAsync(_consumerTag, noWait: true, cancellationToken);

        // The last message was handled; what remains is to send its acknowledgement, which is quick unless one was lost.
        await Task.WhenAny(_acknowledged.Task, Task.Delay(TimeSpan.FromSeconds(5), cancellationToken));
        await _channel.CloseAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_channel is not null)
        {
            await _channel.DisposeAsync();
        }

        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }
    }

    private async Task HandleAsync(object sender, BasicDeliverEventArgs delivery)
    {
        Tally.Current.Handled(readNumber(delivery.Body));
        await _channel!.BasicAckAsync(delivery.DeliveryTag, multiple: false);
        if (Interlocked.Increment(ref _acknowledgements) == messages)
        {
            _acknowledged.SetResult();
        }
    }
}
