using System.Threading.Channels;
using RabbitTopics.Messages;

namespace RabbitTopics.Receiving;

/// <summary>The way of deliveries from the client's callbacks to their handling: a bounded channel, and as many loops that read it as
/// messages may be handled side by side. They belong to the queue, not to a connection: consuming goes on after a reconnect while handlers
/// of before are still at work.</summary>
/// <param name="options">How many, and which of them in order.</param>
/// <param name="handle">Handles one delivery; does not throw.</param>
internal sealed class DeliveryPumps(HandlerOptions options, Func<ChannelConsumer, Delivery, Task> handle)
{
    private readonly Func<TopicMessage, string?>? _keyOf = options.Concurrency == 1 ? null : PartitionKey.Parse(options.PartitionKey);

    /// <summary>Twice what the broker hands out: what is left of a lost channel may be before what a new one brings.</summary>
    private readonly Channel<Received> _inbox = Channel.CreateBounded<Received>(2 * options.EffectivePrefetch);

    /// <summary>The keys of which a message is on its way or at work, and the messages that wait for it.</summary>
    private readonly Dictionary<string, Queue<Received>> _keys = [];

    private readonly Slot[] _slots = [.. Enumerable.Range(0, options.Concurrency).Select(_ => new Slot())];

    /// <summary>The deliveries at work.</summary>
    public IEnumerable<Delivery> AtWork => _slots.Select(slot => slot.AtWork).OfType<Delivery>();

    /// <summary>Whether a delivery waits to be handled.</summary>
    public bool HaveMore => _inbox.Reader.Count > 0;

    /// <summary>Runs the loops until <see cref="Complete"/>.</summary>
    public Task RunAsync() => Task.WhenAll(_slots.Select(slot => Task.Run(() => PumpAsync(slot))));

    /// <summary>Says that nothing more comes.</summary>
    public void Complete() => _inbox.Writer.TryComplete();

    /// <summary>Takes a delivery.</summary>
    public ValueTask AddAsync(ChannelConsumer from, Delivery delivery)
    {
        var received = new Received(from, delivery, _keyOf?.Invoke(delivery.Message));
        if (received.Key is { } key)
        {
            lock (_keys)
            {
                if (_keys.TryGetValue(key, out var waiting))
                {
                    while (waiting.TryPeek(out var first) && first.From.Ended.IsCancellationRequested)
                    {
                        waiting.Dequeue(); // Of a lost channel: it comes again.
                    }

                    waiting.Enqueue(received);
                    return ValueTask.CompletedTask;
                }

                _keys.Add(key, new Queue<Received>());
            }
        }

        return _inbox.Writer.TryWrite(received) ? ValueTask.CompletedTask : _inbox.Writer.WriteAsync(received);
    }

    /// <summary>Forgets what is left of consumers that have ended; the broker delivers it again.</summary>
    public void Clear()
    {
        while (_inbox.Reader.TryRead(out var left))
        {
            for (Received? next = left; next is not null; next = NextOfKey(next.Value.Key))
            {
            }
        }
    }

    private async Task PumpAsync(Slot slot)
    {
        while (await NextAsync() is { } taken)
        {
            for (Received? next = taken; next is { } received; next = NextOfKey(received.Key))
            {
                if (received.From.TryBegin())
                {
                    received.Delivery.Time = DateTimeOffset.UtcNow;
                    slot.AtWork = received.Delivery;
                    await handle(received.From, received.Delivery);
                    slot.AtWork = null;
                }
            }
        }
    }

    /// <summary>The next delivery; null where nothing more comes.</summary>
    private async ValueTask<Received?> NextAsync()
    {
        try
        {
            return await _inbox.Reader.ReadAsync();
        }
        catch (ChannelClosedException)
        {
            return null;
        }
    }

    /// <summary>The next of a key after one that was handled. Those that wait for their turn take no loop.</summary>
    private Received? NextOfKey(string? key)
    {
        if (key is null)
        {
            return null;
        }

        lock (_keys)
        {
            if (_keys[key].TryDequeue(out var next))
            {
                return next;
            }

            _keys.Remove(key);
            return null;
        }
    }

    private readonly record struct Received(ChannelConsumer From, Delivery Delivery, string? Key);

    private sealed class Slot
    {
        private volatile Delivery? _atWork;

        public Delivery? AtWork { get => _atWork; set => _atWork = value; }
    }
}
