using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Connections;

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

    private readonly BrokerConnection _connection;
    private readonly Func<IChannel, CancellationToken, Task> _prepare;
    private readonly Channel<Publish> _calls;
    private readonly SemaphoreSlim _places;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _reading;

    private readonly Lock _gate = new();
    private readonly LinkedList<Publish> _unsent = new();
    private readonly LinkedList<Publish> _unconfirmed = new();
    private Session? _session;

    /// <summary>A writer; its channel is opened with the first publish.</summary>
    /// <param name="connection">The connection to publish on.</param>
    /// <param name="prepare">Runs on every new channel before it is used.</param>
    /// <param name="mostInFlight">How many publishes may wait for their confirms, and how many more for their turn.</param>
    public ExchangeWriter(BrokerConnection connection, Func<IChannel, CancellationToken, Task> prepare, int mostInFlight)
    {
        _connection = connection;
        _prepare = prepare;
        _calls = Channel.CreateBounded<Publish>(new BoundedChannelOptions(mostInFlight) { SingleReader = true });
        _places = new SemaphoreSlim(mostInFlight, mostInFlight);
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>How many calls are under way, and when the last one ended. Guarded by the publisher.</summary>
    public (int Calls, long LastCall) Use { get; set; }

    /// <summary>Publishes a message; returns when the broker has confirmed it.</summary>
    /// <exception cref="TopicPublishException">The broker did not take the message; the type says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task PublishAsync(Publish publish, CancellationToken cancellationToken)
    {
        try
        {
            if (!_calls.Writer.TryWrite(publish))
            {
                await QueueAsync(publish, cancellationToken);
            }

            await publish.Answer.Task.WaitAsync(publish.TimeLeft, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            Forget(publish);
            if (exception is OperationCanceledException)
            {
                throw;
            }

            throw _connection.IsDown
                ? new BrokerUnavailableException(publish.Exchange, publish.RoutingKey, $"no connection to the broker within {publish.Timeout.TotalSeconds:0.###} s.")
                : new PublishTimeoutException(publish.Exchange, publish.RoutingKey, publish.Timeout, _connection.BlockedReason);
        }
        catch (ChannelClosedException)
        {
            throw Stopped(publish);
        }
    }

    /// <summary>Closes the channel; what is not confirmed fails.</summary>
    public async ValueTask DisposeAsync()
    {
        _calls.Writer.TryComplete();
        await _stopping.CancelAsync();
        if (_session is { } session)
        {
            Lose(session, null);
        }

        await _reading;
        while (_calls.Reader.TryRead(out var publish))
        {
            Fail(publish, Stopped(publish));
        }

        while (NextUnsent() is { } publish)
        {
            Fail(publish, Stopped(publish));
        }
    }

    /// <summary>Waits until there is room for a call.</summary>
    private async Task QueueAsync(Publish publish, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(publish.TimeLeft);
        try
        {
            await _calls.Writer.WriteAsync(publish, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
    }

    private async Task ReadAsync()
    {
        Publish? taken = null;
        try
        {
            await foreach (var publish in _calls.Reader.ReadAllAsync())
            {
                taken = publish;
                await _places.WaitAsync(_stopping.Token);
                if (TryAdd(publish))
                {
                    await SendAsync();
                }
            }
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // DisposeAsync fails what is in the channel and in the lists, and this one may be in neither.
            if (taken is not null)
            {
                Fail(taken, Stopped(taken));
            }
        }
    }

    /// <summary>Sends what is not sent, the oldest first.</summary>
    private async Task SendAsync()
    {
        await _turn.WaitAsync(_stopping.Token);
        try
        {
            while (NextUnsent() is { } publish)
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
                    if (IsLoss(exception))
                    {
                        await Task.Delay(RetryDelay, _stopping.Token);
                    }
                    else
                    {
                        Fail(publish, exception); // It cannot be written.
                    }
                }
            }
        }
        finally
        {
            _turn.Release();
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

        _session = session;
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

        ReadOnlyMemory<byte> body;
        lock (_gate)
        {
            if (_session != session || publish.Node.List is null)
            {
                return;
            }

            _unsent.Remove(publish.Node);
            _unconfirmed.AddLast(publish.Node); // Before it is sent, as the answer may come at once.
            publish.Tag = ++session.Sent;
            publish.ReturnedWith = null;
            body = publish.Body;
        }

        try
        {
            var writing = session.Channel.BasicPublishAsync(publish.Exchange, publish.RoutingKey, publish.Mandatory, publish.Properties, body);
            if (!writing.IsCompletedSuccessfully)
            {
                await WaitAsync(writing.AsTask(), session);
            }
        }
        catch (Exception exception) when (exception is not AlreadyClosedException)
        {
            if (IsLoss(exception))
            {
                NoteSent(publish); // Some of it, perhaps.
                Lose(session, session.Channel.CloseReason);
            }
            else
            {
                session.Sent--;
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
            _ = writing.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
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
        _ = Task.Run(SendAgainAsync);
    }

    private async Task SendAgainAsync()
    {
        try
        {
            await SendAsync();
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // DisposeAsync fails what was not sent.
        }
    }

    private bool TryAdd(Publish publish)
    {
        lock (_gate)
        {
            if (publish.Answer.Task.IsCompleted)
            {
                _places.Release(); // Nobody waits for it any more.
                return false;
            }

            _unsent.AddLast(publish.Node);
            return true;
        }
    }

    private Publish? NextUnsent()
    {
        lock (_gate)
        {
            return _unsent.First?.Value;
        }
    }

    /// <summary>Notes that the broker may have a message, and fails it where the channel was lost meanwhile.</summary>
    private void NoteSent(Publish publish)
    {
        lock (_gate)
        {
            publish.IsSent = true;
            if (publish.Node.List == _unsent && publish.FailureOf(null) is { } failure)
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

    /// <summary>Drops a publish that nobody waits for any more.</summary>
    private void Forget(Publish publish)
    {
        lock (_gate)
        {
            if (!publish.Answer.TrySetCanceled())
            {
                _ = publish.Answer.Task.Exception; // The answer came too late.
            }

            End(publish, null);
            publish.Body = default; // It may stand in the queue of calls for a while.
        }
    }

    /// <summary>Takes a publish out of its list and gives its answer, if it still needs one.</summary>
    private void End(Publish publish, Exception? failure)
    {
        if (publish.Node.List is { } list)
        {
            list.Remove(publish.Node);
            _places.Release();
        }

        _ = failure is null ? publish.Answer.TrySetResult() : publish.Answer.TrySetException(failure);
    }

    private static BrokerUnavailableException Stopped(Publish publish) => new(publish.Exchange, publish.RoutingKey, "the publisher was closed.");

    private static bool IsLoss(Exception exception) => exception is not WireFormattingException
        and (OperationCanceledException or RabbitMQClientException or IOException or ObjectDisposedException or TimeoutException or ChannelClosedException);

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
