using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Connections;
using RabbitTopics.Telemetry;

namespace RabbitTopics.Publishing;

/// <summary>Writes the publishes to one exchange in the order of their calls, on a channel of its own, and keeps those that the broker has not
/// confirmed. When the channel is lost, what has to be sent again goes first on the next one, in the same order.</summary>
/// <remarks>It counts the confirms itself: the client library's tracking adds a header to every message. A write is never cancelled, as
/// nobody would know whether the broker counts the message; it ends with the channel.</remarks>
internal sealed class ExchangeWriter : IAsyncDisposable
{
    private const int FrameOverhead = 22; // AMQP 0-9-1, 2.3.5.2: around the properties of a content header frame.

    /// <summary>A fault that comes back at once must not spin.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private static readonly CreateChannelOptions WithConfirms = new(
        publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false, outstandingPublisherConfirmationsRateLimiter: null);

    /// <summary>How late a publish may end whose time is over: in an outage there may be hundreds of thousands, and a look goes through all of them.</summary>
    private const int DeadlineStep = 20;

    /// <summary>How many publishes a caller sends before it lets go of its thread: others may come all the time.</summary>
    private const int MostOnOneThread = 16;

    private readonly BrokerConnection _connection;
    private readonly Func<IChannel, CancellationToken, Task> _prepare;
    private readonly int _mostInFlight;
    private readonly long _mostBytes;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Timer _deadlines;

    private readonly Lock _gate = new();
    private readonly LinkedList<Publish> _unsent = new();
    private readonly LinkedList<Publish> _unconfirmed = new();
    private Session? _session;
    private long _nextDeadline = long.MaxValue;
    private long _lastUse = Environment.TickCount64;
    private long _bytes;
    private bool _isSending;
    private bool _isClosed;

    /// <summary>A writer; its channel is opened with the first publish.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="connection">The connection to publish on.</param>
    /// <param name="prepare">Runs on every new channel before it is used.</param>
    /// <param name="mostInFlight">How many publishes may wait for their confirms; others wait for their turn.</param>
    /// <param name="mostBytes">How many bytes may wait, in all; others fail. One message always may.</param>
    public ExchangeWriter(string exchange, BrokerConnection connection, Func<IChannel, CancellationToken, Task> prepare, int mostInFlight, long mostBytes)
    {
        _connection = connection;
        _prepare = prepare;
        _mostInFlight = mostInFlight;
        _mostBytes = mostBytes;
        _deadlines = new Timer(static writer => ((ExchangeWriter)writer!).EndLate(), this, Timeout.Infinite, Timeout.Infinite);
        Metrics.Waiting.Add(this, Conventions.Exchange(exchange), () =>
        {
            lock (_gate)
            {
                return _unsent.Count + _unconfirmed.Count;
            }
        });
    }

    /// <summary>Publishes a message; the task ends when the broker has confirmed it.</summary>
    /// <returns>Null where the writer is closed.</returns>
    /// <exception cref="TopicPublishException">The broker did not take the message; the type says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task? TryPublish(Publish publish, CancellationToken cancellationToken)
    {
        bool isToSend;
        lock (_gate)
        {
            if (_isClosed)
            {
                return null;
            }

            if (_bytes > 0 && _bytes + publish.Size > _mostBytes && !publish.IsAgain)
            {
                return Task.FromException(new PublishBacklogException(publish.Exchange, publish.RoutingKey, _bytes, _mostBytes));
            }

            _bytes += publish.Size;
            _unsent.AddLast(publish.Node);
            if (publish.Deadline < _nextDeadline)
            {
                SetDeadline(publish.Deadline);
            }

            isToSend = TryBeginSending();
        }

        if (isToSend)
        {
            // The quickest way to the broker is this thread, unless what is awaited on it goes on in a context of the caller's.
            _ = SynchronizationContext.Current is null && TaskScheduler.Current == TaskScheduler.Default ? SendAllAsync() : Task.Run(SendAllAsync, CancellationToken.None);
        }

        return cancellationToken.CanBeCanceled ? CancellableAsync(publish, cancellationToken) : publish.Answer.Task;
    }

    /// <summary>Closes it if it has had nothing to do for so long.</summary>
    public bool TryCloseIdle(TimeSpan idleTime)
    {
        lock (_gate)
        {
            if (_unsent.Count + _unconfirmed.Count > 0 || Environment.TickCount64 - _lastUse < idleTime.TotalMilliseconds)
            {
                return false;
            }

            _isClosed = true;
        }

        _ = DisposeAsync().AsTask();
        return true;
    }

    /// <summary>Closes the channel; what is not confirmed fails.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _isClosed = true;
        }

        Metrics.Waiting.Remove(this);
        await _stopping.CancelAsync();
        await _deadlines.DisposeAsync();
        if (_session is { } session)
        {
            Lose(session, null);
        }

        lock (_gate)
        {
            while (_unsent.First is { Value: var publish })
            {
                End(publish, new BrokerUnavailableException(publish.Exchange, publish.RoutingKey, "the publisher was closed."));
            }
        }
    }

    private async Task CancellableAsync(Publish publish, CancellationToken cancellationToken)
    {
        await using var registration = cancellationToken.UnsafeRegister((_, token) =>
        {
            lock (_gate)
            {
                publish.Answer.TrySetCanceled(token);
                End(publish, null);
            }

            SendMore();
        }, null);
        await publish.Answer.Task;
    }

    /// <summary>Ends what has had its time, and looks again when the next has.</summary>
    private void EndLate()
    {
        lock (_gate)
        {
            var now = Stopwatch.GetTimestamp();
            var next = long.MaxValue;
            foreach (var list in new[] { _unconfirmed, _unsent })
            {
                for (var node = list.First; node is not null;)
                {
                    var publish = node.Value;
                    node = node.Next;
                    if (publish.Deadline <= now)
                    {
                        End(publish, _connection.IsDown
                            ? new BrokerUnavailableException(publish.Exchange, publish.RoutingKey, $"no connection to the broker within {publish.Timeout.TotalSeconds:0.###} s.")
                            : new PublishTimeoutException(publish.Exchange, publish.RoutingKey, publish.Timeout, _connection.BlockedReason));
                    }
                    else
                    {
                        next = Math.Min(next, publish.Deadline);
                    }
                }
            }

            SetDeadline(next);
        }

        SendMore();
    }

    private void SetDeadline(long next)
    {
        _nextDeadline = next;
        if (next != long.MaxValue && !_isClosed)
        {
            var left = Math.Ceiling(Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), next).TotalMilliseconds);
            _deadlines.Change((long)Math.Clamp(left, DeadlineStep, uint.MaxValue - 1), Timeout.Infinite);
        }
    }

    /// <summary>Whether the caller, within the gate, has become the one that sends.</summary>
    private bool TryBeginSending() => !_isSending && _unsent.Count > 0 && _unconfirmed.Count < _mostInFlight && (_isSending = true);

    /// <summary>The oldest of those that may be sent now; null where there is none, and then the caller is no longer the one that sends.</summary>
    private Publish? NextToSend()
    {
        lock (_gate)
        {
            var next = _unconfirmed.Count < _mostInFlight ? _unsent.First?.Value : null;
            _isSending = next is not null;
            return next;
        }
    }

    /// <summary>Sends what is not sent, the oldest first. One caller does at a time, for all others, too.</summary>
    private async Task SendAllAsync()
    {
        try
        {
            for (var sent = 0; NextToSend() is { } publish; sent++)
            {
                if (sent == MostOnOneThread)
                {
                    await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                }

                await SendAsync(publish);
            }
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // DisposeAsync fails what was not sent.
        }
    }

    private async ValueTask SendAsync(Publish publish)
    {
        try
        {
            await _connection.WaitUntilUnblockedAsync(_stopping.Token); // What the broker does not read would only pile up here.
            await WriteAsync(await OpenAsync(), publish);
        }
        catch (OperationInterruptedException exception) when (Publish.IsRefusal(exception.ShutdownReason) && exception is not AlreadyClosedException)
        {
            Fail(publish, publish.Refused(exception.ShutdownReason!)); // The exchange.
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            if (BrokerFault.Is(exception))
            {
                await Task.Delay(RetryDelay, _stopping.Token);
            }
            else
            {
                Fail(publish, exception); // It cannot be written.
            }
        }
    }

    /// <summary>The open channel, or a new one.</summary>
    private async ValueTask<Session> OpenAsync()
    {
        if (_session is { } known)
        {
            if (known.Channel.IsOpen && !known.Watch.Token.IsCancellationRequested)
            {
                return known;
            }

            Lose(known, known.Channel.CloseReason);
        }

        var connection = await _connection.GetOpenAsync(_stopping.Token);
        var lost = _connection.Lost;
        var session = new Session(await connection.CreateChannelAsync(WithConfirms, _stopping.Token), connection.FrameMax);
        try
        {
            await _prepare(session.Channel, _stopping.Token);
        }
        catch
        {
            await CloseAsync(session);
            throw;
        }

        lock (_gate)
        {
            _session = _isClosed ? null : session;
        }

        if (_session is null)
        {
            await CloseAsync(session);
            _stopping.Token.ThrowIfCancellationRequested();
        }

        session.Channel.BasicAcksAsync += (_, ack) => AnswerAsync(session, ack.DeliveryTag, ack.Multiple, taken: true);
        session.Channel.BasicNacksAsync += (_, nack) => AnswerAsync(session, nack.DeliveryTag, nack.Multiple, taken: false);
        session.Channel.BasicReturnAsync += (_, returned) => NoteReturnAsync(session, returned);
        session.Channel.ChannelShutdownAsync += (_, reason) =>
        {
            Lose(session, reason);
            return Task.CompletedTask;
        };
        session.Watch = lost.UnsafeRegister(_ => Lose(session, null), null);
        return session;
    }

    private async ValueTask WriteAsync(Session session, Publish publish)
    {
        if (session.FrameMax > 0 && ((IAmqpHeader)publish.Properties).GetRequiredBufferSize() + FrameOverhead is var size && size > session.FrameMax)
        {
            throw new MessageTooLargeException(publish.Exchange, publish.RoutingKey, $"its headers and properties take {size} bytes, and the broker's frame_max is {session.FrameMax}.");
        }

        lock (_gate)
        {
            if (_session != session || _unsent.First != publish.Node)
            {
                return; // It has ended, or others are to be sent again before it.
            }

            _unsent.Remove(publish.Node);
            _unconfirmed.AddLast(publish.Node); // Before it is sent, as the answer may come at once.
            publish.Tag = ++session.Sent;
            publish.ReturnedWith = null;
        }

        try
        {
            if (Activity.Current != publish.Activity)
            {
                Activity.Current = publish.Activity; // Of its caller, which another's thread may be writing for. Ends with this method.
            }

            var writing = session.Channel.BasicPublishAsync(publish.Exchange, publish.RoutingKey, publish.Mandatory, publish.Properties, publish.Body);
            if (!writing.IsCompletedSuccessfully)
            {
                await WaitAsync(writing.AsTask(), session);
            }
        }
        catch (Exception exception) when (exception is not AlreadyClosedException)
        {
            if (exception is WireFormattingException or ArgumentException)
            {
                session.Sent--; // It cannot be written, and was not.
            }
            else
            {
                NoteSent(publish); // Some of it, perhaps: the client may also have thrown after it. Whether the broker counts it nobody knows.
                Lose(session, session.Channel.CloseReason);
            }

            throw;
        }

        NoteSent(publish);
    }

    /// <summary>Waits for the client to write. Once its write loop has failed it can wait for ever (rabbitmq-dotnet-client #1930), though the
    /// channel is closed; this ends with the channel.</summary>
    private static async Task WaitAsync(Task writing, Session session)
    {
        if (await Task.WhenAny(writing, session.Lost.Task) == writing)
        {
            await writing;
        }
        else
        {
            _ = writing.Observed();
        }
    }

    private Task AnswerAsync(Session session, ulong tag, bool multiple, bool taken)
    {
        lock (_gate)
        {
            for (var node = _session == session ? _unconfirmed.First : null; node is not null && node.Value.Tag <= tag;)
            {
                var publish = node.Value;
                node = node.Next;
                if (multiple || publish.Tag == tag)
                {
                    End(publish, publish.ReturnedWith is { } replyText ? new PublishReturnedException(publish.Exchange, publish.RoutingKey, replyText)
                        : taken ? null
                        : new PublishNackedException(publish.Exchange, publish.RoutingKey));
                }
            }
        }

        SendMore();
        return Task.CompletedTask;
    }

    /// <summary>Notes that a message reached no queue: the oldest that looks the same, as returns come in the order of publishing.</summary>
    private Task NoteReturnAsync(Session session, BasicReturnEventArgs returned)
    {
        lock (_gate)
        {
            if (_session == session && _unconfirmed.FirstOrDefault(publish => publish.Matches(returned)) is { } oldest)
            {
                oldest.ReturnedWith = returned.ReplyText;
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Lets a channel go that is closed. What was sent on it fails, or is sent again.</summary>
    private void Lose(Session session, ShutdownEventArgs? reason)
    {
        lock (_gate)
        {
            if (_session != session)
            {
                return;
            }

            _session = null;
            var after = _unsent.First;
            while (_unconfirmed.First is { } node)
            {
                if (node.Value.FailureOf(reason) is { } failure)
                {
                    End(node.Value, failure);
                    continue;
                }

                node.Value.LostBy = reason;
                _unconfirmed.Remove(node);
                if (after is null)
                {
                    _unsent.AddLast(node);
                }
                else
                {
                    _unsent.AddBefore(after, node);
                }
            }
        }

        session.Lost.SetResult();
        _ = Task.Run(() => CloseAsync(session));
        SendMore();
    }

    /// <summary>Sends what waits for its turn, on another thread: the client's must not wait for it.</summary>
    private void SendMore()
    {
        lock (_gate)
        {
            if (!TryBeginSending())
            {
                return;
            }
        }

        _ = Task.Run(SendAllAsync);
    }

    /// <summary>Notes that the broker may have a message, and fails it where the channel was lost meanwhile.</summary>
    private void NoteSent(Publish publish)
    {
        lock (_gate)
        {
            publish.IsSent = true;
            if (publish.Node.List == _unsent && publish.FailureOf(publish.LostBy) is { } failure)
            {
                End(publish, failure);
            }
        }
    }

    private void Fail(Publish publish, Exception failure)
    {
        lock (_gate)
        {
            End(publish, failure);
        }
    }

    /// <summary>Takes a publish out of its list and gives its answer, if it still needs one.</summary>
    private void End(Publish publish, Exception? failure)
    {
        if (publish.Node.List is { } list)
        {
            list.Remove(publish.Node);
            _bytes -= publish.Size;
            _lastUse = Environment.TickCount64;
        }

        _ = failure is null ? publish.Answer.TrySetResult() : publish.Answer.TrySetException(failure);
    }

    /// <summary>Closes a channel, which on a connection that swallows everything takes its time.</summary>
    private static async Task CloseAsync(Session session)
    {
        session.Watch.Unregister();
        try
        {
            await session.Channel.DisposeAsync();
        }
        catch (Exception)
        {
            // The connection ends it.
        }
    }

    /// <summary>One channel in confirm mode.</summary>
    private sealed class Session(IChannel channel, uint frameMax)
    {
        public IChannel Channel { get; } = channel;

        /// <summary>Lets it go when the connection is lost, whether the client tells the channel or not.</summary>
        public CancellationTokenRegistration Watch { get; set; }

        /// <summary>The longest frame that the broker takes, in bytes; 0 for no limit.</summary>
        public uint FrameMax { get; } = frameMax;

        /// <summary>How many messages were sent on it: the broker counts them, too.</summary>
        public ulong Sent { get; set; }

        public TaskCompletionSource Lost { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
