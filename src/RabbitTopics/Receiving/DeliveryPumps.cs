using System.Threading.Channels;
using RabbitTopics.Messages;

namespace RabbitTopics.Receiving;

/// <summary>The way of deliveries from the client's callbacks to their handling: a bounded channel, and loops that read it until it is empty, as
/// many as messages may be handled side by side at the most. A loop begins when a message finds none that is about to begin: quick handlers
/// need few of them, and to wake one for each message costs more than to handle it. The loops belong to the queue, not to a connection:
/// consuming goes on after a reconnect while handlers of before are still at work.</summary>
internal sealed class DeliveryPumps
{
    private readonly Func<ChannelConsumer, Delivery, Task> _handle;
    private readonly Func<TopicMessage, string?>? _keyOf;
    private readonly Channel<Received> _inbox;

    /// <summary>The keys of which a message is on its way or at work, and the messages that wait for it.</summary>
    private readonly Dictionary<string, Queue<Received>> _keys = [];

    private readonly Lock _gate = new();
    private readonly Loop[] _loops;
    private readonly Stack<Loop> _resting;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isStarting;
    private bool _isComplete;

    /// <summary>Pumps that are at rest.</summary>
    /// <param name="options">How many, and which of them in order.</param>
    /// <param name="handle">Handles one delivery; does not throw.</param>
    public DeliveryPumps(HandlerOptions options, Func<ChannelConsumer, Delivery, Task> handle)
    {
        _handle = handle;
        _keyOf = options.Concurrency == 1 ? null : PartitionKey.Parse(options.PartitionKey);
        _inbox = Channel.CreateBounded<Received>(2 * options.EffectivePrefetch); // What is left of a lost channel may be before what a new one brings.
        _loops = [.. Enumerable.Range(0, options.Concurrency).Select(_ => new Loop())];
        _resting = new(_loops);
    }

    /// <summary>The deliveries at work.</summary>
    public IEnumerable<Delivery> AtWork => _loops.Select(loop => loop.AtWork).OfType<Delivery>();

    /// <summary>Whether a delivery waits to be handled.</summary>
    public bool HaveMore => _inbox.Reader.Count > 0;

    /// <summary>Says that nothing more comes.</summary>
    /// <returns>A task that ends with the last delivery.</returns>
    public Task CompleteAsync()
    {
        _inbox.Writer.TryComplete();
        lock (_gate)
        {
            _isComplete = true;
            EndIfDone();
        }

        return _ended.Task;
    }

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

        if (!_inbox.Writer.TryWrite(received))
        {
            return AddLateAsync(received);
        }

        StartLoop();
        return ValueTask.CompletedTask;
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

    private async ValueTask AddLateAsync(Received received)
    {
        await _inbox.Writer.WriteAsync(received);
        StartLoop();
    }

    /// <summary>Starts a loop, where one is left and none is about to begin, which would start the next.</summary>
    private void StartLoop()
    {
        if (_isStarting)
        {
            return;
        }

        Loop? loop;
        lock (_gate)
        {
            if (_isStarting || !_resting.TryPop(out loop))
            {
                return;
            }

            _isStarting = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static start => _ = start.Pumps.RunAsync(start.Loop), (Pumps: this, Loop: loop), preferLocal: false);
    }

    private async Task RunAsync(Loop loop)
    {
        _isStarting = false; // Before it reads: who adds a message after that starts the next.
        try
        {
            await ReadAsync(loop);
        }
        finally
        {
            loop.AtWork = null;
            lock (_gate)
            {
                _resting.Push(loop);
                EndIfDone();
            }

            if (HaveMore)
            {
                StartLoop(); // It came when this one had looked and was not at rest yet.
            }
        }
    }

    private async Task ReadAsync(Loop loop)
    {
        while (_inbox.Reader.TryRead(out var taken))
        {
            if (HaveMore)
            {
                StartLoop();
            }

            for (Received? next = taken; next is { } received; next = NextOfKey(received.Key))
            {
                if (received.From.TryBegin())
                {
                    received.Delivery.Time = DateTimeOffset.UtcNow;
                    loop.AtWork = received.Delivery;
                    await _handle(received.From, received.Delivery);
                    loop.AtWork = null;
                }
            }
        }
    }

    private void EndIfDone()
    {
        if (_isComplete && _resting.Count == _loops.Length && !HaveMore)
        {
            _ended.TrySetResult();
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

    private sealed class Loop
    {
        private volatile Delivery? _atWork;

        public Delivery? AtWork { get => _atWork; set => _atWork = value; }
    }
}
