using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitTopics.Benchmarks.Measuring;

namespace RabbitTopics.Benchmarks.Workloads;

/// <summary>The queues of one measurement, classic and durable, as a topic exchange binds them: those to warm up and the one that is measured. The same for
/// every contender; whether each message came is seen here.</summary>
internal sealed class WorkloadQueues : IAsyncDisposable
{
    /// <summary>Publishes that wait for their confirms side by side.</summary>
    private const int Pipelined = 500;

    private readonly IChannel _channel;
    private readonly Workload _workload;
    private readonly Orders _orders;

    private WorkloadQueues(IChannel channel, Workload workload) => (_channel, _workload, _orders) = (channel, workload, new Orders(workload.BodyBytes));

    public string Exchange { get; } = $"benchmark-{Guid.NewGuid():N}";

    /// <summary>The queue of the stretch that is measured.</summary>
    public string Measured => $"{Exchange}.measured";

    private IEnumerable<(string Name, int Messages)> All => [.. _workload.WarmUpsOf(Measured).Select(queue => (queue, _workload.WarmUp)), (Measured, _workload.Total)];

    public static async Task<WorkloadQueues> CreateAsync(IConnection connection, Workload workload, CancellationToken cancellationToken)
    {
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(
            publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, outstandingPublisherConfirmationsRateLimiter: null), cancellationToken);
        var queues = new WorkloadQueues(channel, workload);
        await channel.ExchangeDeclareAsync(queues.Exchange, ExchangeType.Topic, durable: true, cancellationToken: cancellationToken);
        foreach (var (queue, messages) in queues.All)
        {
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: cancellationToken);
            await channel.QueueBindAsync(queue, queues.Exchange, queue, cancellationToken: cancellationToken);
            if (workload.Kind is WorkloadKind.Consume or WorkloadKind.Start)
            {
                await queues.FillAsync(queue, messages, cancellationToken);
            }
        }

        return queues;
    }

    /// <summary>Looks whether the broker holds what it should: what was published, each message once and as it should be, or nothing, as a
    /// message that was not acknowledged is back in its queue.</summary>
    /// <exception cref="CaseFailedException">It does not.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        foreach (var (queue, messages) in All)
        {
            if (_workload.Kind == WorkloadKind.Publish)
            {
                await TakeAllAsync(queue, messages, cancellationToken);
            }

            var left = (await _channel.QueueDeclarePassiveAsync(queue, cancellationToken)).MessageCount;
            if (left > 0)
            {
                throw new CaseFailedException($"{left} of {messages} messages were handled and not acknowledged.");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (queue, _) in All)
        {
            await _channel.QueueDeleteAsync(queue);
            await _channel.ExchangeDeleteAsync(queue); // MassTransit makes one of the queue's name.
        }

        await _channel.ExchangeDeleteAsync(Exchange);
        await _channel.DisposeAsync();
    }

    private async Task FillAsync(string queue, int messages, CancellationToken cancellationToken)
    {
        for (var first = 0; first < messages; first += Pipelined)
        {
            await Task.WhenAll(Enumerable.Range(first, Math.Min(Pipelined, messages - first)).Select(number =>
                _channel.BasicPublishAsync(Exchange, queue, mandatory: true, new BasicProperties { ContentType = "application/json", Persistent = true }, _orders.Write(number), cancellationToken).AsTask()));
        }
    }

    private async Task TakeAllAsync(string queue, int messages, CancellationToken cancellationToken)
    {
        var tally = new Tally(messages);
        string? unlike = null;
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            var order = JsonSerializer.Deserialize(delivery.Body.Span, OrderJson.Default.Order)!;
            unlike ??= !delivery.BasicProperties.Persistent ? "A message was not persistent."
                : delivery.Body.Length != _workload.BodyBytes ? $"A message had a body of {delivery.Body.Length} bytes, not of {_workload.BodyBytes}."
                : null;
            return tally.HandleAsync(order);
        };
        var tag = await _channel.BasicConsumeAsync(queue, autoAck: true, consumer, cancellationToken);
        await tally.WaitAsync();
        await _channel.BasicCancelAsync(tag, cancellationToken: cancellationToken); // Answered after what was sent before.
        tally.Check();
        if (unlike is not null)
        {
            throw new CaseFailedException(unlike);
        }
    }
}
