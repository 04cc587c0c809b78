using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace RabbitTopics.Receiving;

/// <summary>A consumer that learns from its connection, its channel and its queue when it gets no further delivery.</summary>
internal abstract class WatchedConsumer : AsyncDefaultBasicConsumer, IDisposable
{
    private readonly CancellationTokenRegistration _connectionLost;
    private readonly CancellationTokenSource _ending = new();
    private string? _reason;

    /// <summary>A consumer that has not begun.</summary>
    /// <param name="channel">The channel, its own.</param>
    /// <param name="connectionLost">Cancelled when the connection is lost.</param>
    protected WatchedConsumer(IChannel channel, CancellationToken connectionLost)
        : base(channel)
    {
        Ended = _ending.Token;
        channel.ChannelShutdownAsync += OnShutdownAsync;
        _connectionLost = connectionLost.UnsafeRegister(static consumer => ((WatchedConsumer)consumer!).End("the connection was lost"), this);
        if (!channel.IsOpen)
        {
            End("closed at once"); // Lost before the handler was there.
        }
    }

    /// <summary>Cancelled when it gets no further delivery. Stays valid when the consumer is disposed.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Why it ended.</summary>
    public string Reason => _reason ?? "";

    /// <summary>Ends it, whatever is on its way.</summary>
    public void End(string reason)
    {
        Interlocked.CompareExchange(ref _reason, reason, null);
        _ = _ending.CancelAsync(); // Not awaited: the client's callback must not wait for what it wakes up.
    }

    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        End("the broker cancelled the consumer, as it does when the queue is deleted");
        return base.HandleBasicCancelAsync(consumerTag, cancellationToken);
    }

    public void Dispose()
    {
        End("disposed");
        _connectionLost.Dispose();
        Channel.ChannelShutdownAsync -= OnShutdownAsync;
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason)
    {
        End($"{reason.ReplyCode} {reason.ReplyText}");
        return Task.CompletedTask;
    }
}
