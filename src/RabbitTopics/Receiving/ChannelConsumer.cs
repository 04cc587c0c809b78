using RabbitMQ.Client;
using RabbitTopics.Messages;
using RabbitTopics.Settling;

namespace RabbitTopics.Receiving;

/// <summary>One consumer on one channel: what the client library calls. It only hands deliveries on, as a callback that takes long keeps
/// the client from telling other consumers of a lost connection.</summary>
internal sealed class ChannelConsumer : WatchedConsumer
{
    private readonly DeliverySource _source;
    private readonly DeliveryPumps _pumps;
    private readonly TaskCompletionSource _firstUnsuspicious = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _suspicious;
    private string? _tag;

    /// <summary>A consumer that has not begun.</summary>
    /// <param name="channel">The channel, its own.</param>
    /// <param name="source">What its deliveries have in common.</param>
    /// <param name="pumps">Get the deliveries.</param>
    /// <param name="acknowledger">Tells the broker what became of them.</param>
    /// <param name="suspicious">From how many deliveries of it on a message may be one that ends the process.</param>
    /// <param name="connectionLost">Cancelled when the connection is lost.</param>
    public ChannelConsumer(IChannel channel, DeliverySource source, DeliveryPumps pumps, Acknowledger acknowledger, long suspicious, CancellationToken connectionLost)
        : base(channel, connectionLost)
    {
        _source = source;
        _pumps = pumps;
        Acknowledger = acknowledger;
        _suspicious = suspicious;
    }

    /// <summary>Tells the broker what became of its deliveries.</summary>
    public Acknowledger Acknowledger { get; }

    /// <summary>Ends when a message arrives that has not been returned again and again.</summary>
    public Task FirstUnsuspicious => _firstUnsuspicious.Task;

    /// <summary>Consumes a queue, or goes on with another prefetch count.</summary>
    public async Task ConsumeAsync(string queue, ushort prefetch, CancellationToken cancellationToken)
    {
        if (_tag is not null)
        {
            await Channel.BasicCancelAsync(_tag, noWait: false, cancellationToken);
        }

        await Channel.BasicQosAsync(0, prefetch, global: false, cancellationToken);
        _tag = await Channel.BasicConsumeAsync(queue, autoAck: false, this, cancellationToken);
    }

    /// <summary>Notes that a delivery is going to be handled; false where it is left to the broker, which delivers it again.</summary>
    public bool TryBegin()
    {
        Acknowledger.Begin(); // First, so that whoever stops either waits for it or keeps it from beginning.
        if (Ended.IsCancellationRequested)
        {
            Acknowledger.End();
            return false;
        }

        return true;
    }

    public override Task HandleBasicDeliverAsync(string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
        IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        if (Ended.IsCancellationRequested)
        {
            return Task.CompletedTask;
        }

        var receipt = Acknowledger.Add(deliveryTag); // First: where the rest fails, as without memory, no later acknowledgement may include it.
        var delivery = new Delivery(_source, redelivered, exchange, routingKey, properties, PooledBody.Copy(body)) { ConsumerTag = consumerTag, DeliveryTag = deliveryTag, Receipt = receipt };
        if ((delivery.BrokersCount ?? 0) < _suspicious)
        {
            _firstUnsuspicious.TrySetResult();
        }

        var writing = _pumps.AddAsync(this, delivery);
        return writing.IsCompletedSuccessfully ? Task.CompletedTask : writing.AsTask();
    }

    /// <summary>Takes nothing more, and returns when what was begun is settled. What was not begun goes back to the queue with the
    /// channel.</summary>
    public async Task StopAsync()
    {
        End("stopping");
        await (_tag is null ? Task.CompletedTask : Channel.BasicCancelAsync(_tag, noWait: true, CancellationToken.None)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Acknowledger.WhenSettledAsync();
    }
}
