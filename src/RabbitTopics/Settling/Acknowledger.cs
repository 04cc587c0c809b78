using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.Connections;
using RabbitTopics.Messages;

namespace RabbitTopics.Settling;

/// <summary>Tells the broker what became of the deliveries of one channel. Those that are done within a few milliseconds are acknowledged
/// together (basic.ack with <c>multiple</c>, AMQP 0-9-1, class basic): a frame for each is a good part of what a quick handler costs, here and at
/// the broker. Decision 0012 says why no guarantee suffers.</summary>
/// <param name="channel">The channel.</param>
/// <param name="queue">The queue, for the log.</param>
/// <param name="prefetch">How many deliveries the broker hands out before it waits for acknowledgements.</param>
/// <param name="logger">Is told of deliveries that the broker could not be told of. It does not throw.</param>
internal sealed partial class Acknowledger(IChannel channel, string queue, int prefetch, ILogger logger) : IDisposable
{
    /// <summary>How long an acknowledgement waits for others at the most.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(5);

    /// <summary>How long the client may take to write an acknowledgement: longer where the broker does not read, and then the message is
    /// delivered again or it was written after all.</summary>
    private static readonly TimeSpan TellTime = TimeSpan.FromSeconds(5);

    /// <summary>Few enough for the broker not to run out of messages that it may hand out.</summary>
    private readonly int _mostWaiting = Math.Clamp(prefetch / 4, 1, 32);

    private readonly Lock _lock = new();

    /// <summary>The deliveries that the broker may not have been told of, in the order of their tags.</summary>
    private readonly Queue<Receipt> _received = new();

    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Timer? _timer;
    private int _unsettled = 1; // One for the consumer itself, until it stops.
    private int _waiting;
    private bool _isTimerSet;
    private bool _isDisposed;
    private bool _isFlushing;
    private bool _isToFlushAgain;

    /// <summary>Notes a delivery: every one of the channel, in their order.</summary>
    public Receipt Add(ulong tag)
    {
        var receipt = new Receipt(tag, channel);
        lock (_lock)
        {
            if (_received.Count >= 4 * prefetch) // One that takes long is in front; the broker has been told of most behind it.
            {
                for (var left = _received.Count; left > 0; left--)
                {
                    if (_received.Dequeue() is { Settlement: not Settlement.Told } open)
                    {
                        _received.Enqueue(open);
                    }
                }
            }

            _received.Enqueue(receipt);
        }

        return receipt;
    }

    /// <summary>Notes that a delivery is going to be handled.</summary>
    public void Begin() => Interlocked.Increment(ref _unsettled);

    /// <summary>Notes that nothing is left to be told of deliveries that were begun.</summary>
    public void End(int deliveries = 1)
    {
        if (Interlocked.Add(ref _unsettled, -deliveries) == 0)
        {
            _settled.TrySetResult();
        }
    }

    /// <summary>Waits until what was begun is settled. Nothing more may begin.</summary>
    public Task WhenSettledAsync()
    {
        End(); // The consumer's own.
        return _settled.Task;
    }

    /// <summary>Acknowledges a delivery that is done, perhaps together with some that follow within milliseconds. One that was at work for longer than
    /// that is acknowledged at once: compared with its handling it costs nothing, and to wake up later for it costs more.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="moreFollow">Whether another message is at hand.</param>
    public ValueTask AcknowledgeAsync(Delivery delivery, bool moreFollow)
    {
        lock (_lock)
        {
            delivery.Receipt!.Settlement = Settlement.Waiting;
            _waiting++;
            if (moreFollow && !_isDisposed && _waiting < _mostWaiting && DateTimeOffset.UtcNow - delivery.Time < LongestWait)
            {
                SetTimer();
                return ValueTask.CompletedTask;
            }
        }

        return FlushAsync(all: false);
    }

    /// <summary>Acknowledges a delivery before its handling; false where the broker cannot be told, and delivers it again.</summary>
    public async ValueTask<bool> TryAcknowledgeAtOnceAsync(Delivery delivery)
    {
        delivery.Receipt!.Settlement = Settlement.Told;
        return await TryAcknowledgeAsync(delivery.Receipt.Tag, 1);
    }

    /// <summary>Gives a delivery back to its queue.</summary>
    public async ValueTask ReturnAsync(Delivery delivery)
    {
        await TryAsync(static (channel, tag, _) => channel.BasicNackAsync(tag, multiple: false, requeue: true, CancellationToken.None), delivery.Receipt!.Tag, 1);
        delivery.Receipt.Settlement = Settlement.Told; // Not earlier: an acknowledgement of several must not include it.
        End();
    }

    /// <summary>Lets nothing wait any more: the channel is gone, or nothing of it is left to be told.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
        }

        _ = FlushAsync(all: true).AsTask();
    }

    private void SetTimer()
    {
        if (!_isTimerSet)
        {
            _isTimerSet = true;
            _timer ??= new Timer(static acknowledger => ((Acknowledger)acknowledger!).OnTimer(), this, Timeout.Infinite, Timeout.Infinite);
            _timer.Change(LongestWait, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            _isTimerSet = false;
        }

        _ = FlushAsync(all: true).AsTask();
    }

    /// <summary>Acknowledges what waits for it; where not all of that has to go, what one frame can. One caller does at a time, for others who come
    /// meanwhile, too: the broker closes a channel on which a tag is acknowledged that a later one included.</summary>
    private async ValueTask FlushAsync(bool all)
    {
        lock (_lock)
        {
            if (_isFlushing)
            {
                _isToFlushAgain = true;
                return;
            }

            _isFlushing = true;
        }

        do
        {
            var (last, count, scattered) = Take(all);
            if (count > 0)
            {
                await TryAcknowledgeAsync(last, count);
                End(count);
            }

            foreach (var tag in scattered ?? [])
            {
                await TryAcknowledgeAsync(tag, 1);
                End();
            }
        }
        while (IsToFlushAgain());
    }

    private bool IsToFlushAgain()
    {
        lock (_lock)
        {
            _isFlushing = _isToFlushAgain;
            _isToFlushAgain = false;
            return _isFlushing;
        }
    }

    /// <summary>Takes what waits to be acknowledged.</summary>
    /// <param name="all">Whether no part of it may wait any longer.</param>
    /// <returns>First those up to the first that is at work: their last tag and how many they are, which is one frame. Then the tags of those behind
    /// it, a frame each; null where these wait on for what is in front of them.</returns>
    private (ulong Last, int Count, List<ulong>? Scattered) Take(bool all)
    {
        lock (_lock)
        {
            var (last, count) = (0UL, 0);
            while (_received.TryPeek(out var first) && first.Settlement != Settlement.Open)
            {
                _received.Dequeue();
                if (first.Settlement == Settlement.Waiting)
                {
                    last = first.Tag;
                    count++;
                }
            }

            _waiting -= count;
            if (_waiting == 0)
            {
                return (last, count, null);
            }

            if (count > 0 && !all && !_isDisposed)
            {
                SetTimer();
                return (last, count, null);
            }

            var scattered = new List<ulong>(_waiting);
            foreach (var receipt in _received)
            {
                if (receipt.Settlement == Settlement.Waiting)
                {
                    receipt.Settlement = Settlement.Told;
                    scattered.Add(receipt.Tag);
                }
            }

            _waiting = 0;
            return (last, count, scattered);
        }
    }

    private ValueTask<bool> TryAcknowledgeAsync(ulong last, int count) =>
        TryAsync(static (channel, tag, multiple) => channel.BasicAckAsync(tag, multiple, CancellationToken.None), last, count);

    private async ValueTask<bool> TryAsync(Func<IChannel, ulong, bool, ValueTask> tell, ulong last, int count)
    {
        try
        {
            var telling = tell(channel, last, count > 1); // Throws at once where the channel is closed.
            if (!telling.IsCompletedSuccessfully)
            {
                await telling.AsTask().Observed().WaitAsync(TellTime); // Else the consumer could wait for ever.
            }

            return true;
        }
        catch (Exception exception)
        {
            DeliveriesNotSettled(count, queue, last, exception is TimeoutException ? "the broker does not read" : "their channel is gone");
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Count} message(s) of queue '{Queue}', the last with delivery tag {DeliveryTag}, could not be settled ({Reason}); the broker delivers them again.")]
    private partial void DeliveriesNotSettled(int count, string queue, ulong deliveryTag, string reason);
}
