using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Receiving;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>An instance's stay in the timers' queue: one consumer on one channel, until that ends.</summary>
/// <remarks>
/// <para>The broker delivers to one consumer of the queue, the active one, and does not tell a client that its consumer has become it
/// (https://www.rabbitmq.com/docs/consumers#single-active-consumer). So an instance that does not lead publishes a question every few
/// seconds: whoever gets a message is the active consumer. If the queue's messages are deleted, it soon has one again.</para>
/// <para>The active consumer asks once more, and leads as soon as it receives that question: by then it has received everything that was
/// in the queue before, including the last state of the previous leader. A leader publishes the state of the timers and acknowledges what it has got only
/// when a newer state is confirmed, so that the broker hands the state to the next leader together with the lead.</para>
/// </remarks>
internal sealed partial class TimerSession(
    Broker broker, IChannel channel, string queue, TimersState state, Action<TimerTerm> begin, Action<string?> report, ILogger logger, CancellationToken connectionLost)
    : WatchedConsumer(channel, connectionLost)
{
    /// <summary>The message type of a leader: it holds the state of the timers.</summary>
    public const string State = "timers";

    /// <summary>The message type of a standby instance: it only asks who is active.</summary>
    private const string Question = "who-leads";

    /// <summary>How often an instance that does not lead asks.</summary>
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(5);

    /// <summary>How long messages are held: a broker closes the channel of a consumer that holds one for longer than its
    /// consumer_timeout, 30 minutes by default (https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout).</summary>
    private static readonly TimeSpan RenewInterval = TimeSpan.FromMinutes(4);

    /// <summary>Longer than the client waits for an answer where it notices that there is none.</summary>
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan SaveRetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>How long a publish may take: the next instance must soon lead even if the broker accepts no messages.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Messages of the previous leader that were in flight arrive within this time.</summary>
    private static readonly TimeSpan LateMessages = TimeSpan.FromSeconds(30);

    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Channel<Message?> _inbox = System.Threading.Channels.Channel.CreateUnbounded<Message?>(); // Null: the state has changed.
    private readonly HashSet<string> _unknown = new(StringComparer.OrdinalIgnoreCase);
    private Task<bool>? _readable;
    private bool _isActive;
    private bool _leads;
    private string? _marker; // The question that an active consumer leads by when it gets it.
    private int _published;
    private TimeSpan _talksNext;
    private ulong _held; // The last delivery to be acknowledged, with all before; 0 for none.
    private string? _failure;
    private (string? Id, TimeSpan Seen) _rival;

    /// <summary>Takes part until the channel ends or the token is cancelled, and says why it ended. A leader that is stopped notes its last
    /// runs; the lead goes to the next instance when the channel is closed.</summary>
    public async Task<string> RunAsync(CancellationToken stop)
    {
        await Channel.BasicConsumeAsync(queue, autoAck: false, this, stop);
        report(null);
        void WakeUp() => _inbox.Writer.TryWrite(null);
        state.Changed += WakeUp;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, Ended);
        try
        {
            while (true)
            {
                if (await ReadAsync(either.Token) is { } message)
                {
                    Take(message);
                }
                else
                {
                    await (_leads ? SaveAsync(either.Token) : AskAsync(either.Token));
                }
            }
        }
        catch (Exception exception) when (either.IsCancellationRequested && BrokerFault.Is(exception))
        {
            if (_leads && !Ended.IsCancellationRequested)
            {
                await SaveAsync(Ended);
            }
        }
        finally
        {
            state.Changed -= WakeUp;
            End("stopping");
        }

        return Reason;
    }

    public override Task HandleBasicDeliverAsync(string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
        IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        _inbox.Writer.TryWrite(new(deliveryTag, redelivered, properties, TimersBody.Read(body.Span)));
        return Task.CompletedTask;
    }

    /// <summary>The next message; null if the state has changed or it is time to publish.</summary>
    private async Task<Message?> ReadAsync(CancellationToken cancellationToken)
    {
        var wait = _talksNext - _clock.Elapsed;
        _readable ??= _inbox.Reader.WaitToReadAsync(cancellationToken).AsTask(); // One that has not ended is waited for again.
        await ((Task)_readable).WaitAsync(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        _readable = _readable.IsCompleted ? null : _readable;
        return _inbox.Reader.TryRead(out var message) ? message : null;
    }

    private void Take(Message message)
    {
        _held = message.DeliveryTag;
        if (message.Body is null)
        {
            ForeignMessageDropped(queue);
        }

        var isNews = message.Body is not null && state.Merge(message.Body.Timers);
        if (_leads)
        {
            _talksNext = isNews ? _clock.Elapsed : _talksNext; // The last state of the previous leader arrived late.
            LookForOtherTimers(message.Properties.Type == Question ? message.Body?.Own ?? [] : []);
            LookForRival(message.Properties, message.Redelivered);
        }
        else if (_marker is not null && message.Properties.MessageId == _marker)
        {
            Lead();
        }
        else if (!_isActive)
        {
            (_isActive, _talksNext) = (true, _clock.Elapsed);
        }
    }

    /// <summary>Publishes a question: is this the active consumer, and if that is known, has it received everything before the question?</summary>
    private async Task AskAsync(CancellationToken cancellationToken)
    {
        var question = new TimersBody(new Dictionary<string, TimerStatus>(), state.Own).Write();
        var id = await PublishAsync(Question, question, cancellationToken);
        _talksNext = _clock.Elapsed + AskInterval;
        _marker = _isActive ? id : null;
        if (_isActive && id is null)
        {
            Lead(); // The broker takes no messages, as while it is low on memory. What was in the queue has come in the meantime.
        }
    }

    private void Lead()
    {
        (_leads, _talksNext) = (true, _clock.Elapsed); // Saves at once, so that the previous leader's messages are acknowledged.
        begin(new TimerTerm(HoldsAsync, Ended));
    }

    /// <summary>Publishes the state and acknowledges the messages that it replaces.</summary>
    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        var isSaved = await PublishAsync(State, state.Write(), cancellationToken) is not null;
        _talksNext = _clock.Elapsed + (isSaved ? RenewInterval : SaveRetryDelay);
        if (isSaved && _held > 0)
        {
            await Channel.BasicAckAsync(_held, multiple: true, cancellationToken);
            _held = 0;
        }
    }

    /// <summary>Whether the broker still knows this channel and the queue.</summary>
    private async Task<bool> HoldsAsync()
    {
        try
        {
            // Answered by the queue; needs no permission. Without a bound the timer could wait for ever.
            await Channel.QueueDeclarePassiveAsync(queue, Ended).Observed().WaitAsync(LongestAnswer, Ended);
            return true;
        }
        catch (Exception exception) when (BrokerFault.Is(exception))
        {
            End($"the broker does not answer ({exception.Message.TrimEnd('.')})");
            return false;
        }
    }

    /// <summary>Timers that this instance does not have do not run while it leads.</summary>
    private void LookForOtherTimers(IEnumerable<string> timers)
    {
        if (timers.Where(timer => !state.Own.Contains(timer) && _unknown.Add(timer)).ToArray() is [_, ..] others)
        {
            OtherTimersFound(string.Join(", ", others), AppTimers.AppNameSetting);
        }
    }

    /// <summary>On a queue without a single active consumer every instance gets messages, and every instance leads. One message proves nothing: the
    /// last one of the previous leader may arrive late, for example after the broker accepted none for a while.</summary>
    private void LookForRival(IReadOnlyBasicProperties message, bool isRedelivered)
    {
        if (message is not { Type: State, CorrelationId: { } sender } || sender == _id || isRedelivered)
        {
            return;
        }

        _rival = sender == _rival.Id ? _rival : (sender, _clock.Elapsed);
        if (_clock.Elapsed - _rival.Seen > LateMessages)
        {
            _rival.Seen = TimeSpan.MaxValue; // Reported once.
            const string problem = "another instance runs the timers as well: the queue was declared without x-single-active-consumer = true. "
                + "Delete it and declare it with that; see docs/timers.md.";
            report(problem);
            RivalFound(queue, broker.Endpoint, problem);
        }
    }

    /// <summary>Publishes a message and gives its id; null if that failed. The first of several failures is logged.</summary>
    private async Task<string?> PublishAsync(string kind, byte[] body, CancellationToken cancellationToken)
    {
        var id = $"{_id}.{++_published}";
        var properties = new BasicProperties { MessageId = id, CorrelationId = _id, Type = kind, ContentType = "application/json", Persistent = kind == State };
        try
        {
            await broker.Publisher.PublishAsync("", queue, properties, body, Patience, cancellationToken);
            if (_failure is not null)
            {
                _failure = null;
                report(null);
            }

            return id;
        }
        catch (TopicPublishException exception)
        {
            var refused = exception as PublishRefusedException;
            var failure = refused is null ? exception.Message : $"{refused.ReplyText.TrimEnd('.')}. See docs/timers.md.";
            if (failure != _failure)
            {
                _failure = failure;
                report(refused is null ? null : failure);
                CannotPublish(queue, broker.Endpoint, failure, _leads ? "its runs are not recorded until then" : "this instance may not notice that it is to run the timers");
            }

            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "A message in the timers' queue '{Queue}' is not from an instance of this app and is dropped. Nothing else may be published there.")]
    private partial void ForeignMessageDropped(string queue);

    [LoggerMessage(LogLevel.Warning, "Another instance has timers that this one, which runs the timers, does not have: {Timers}. They run once an instance that has them leads. "
        + "If that is another app, and not another version of this one, give it another name ({Setting}).")]
    private partial void OtherTimersFound(string timers, string setting);

    [LoggerMessage(LogLevel.Error, "The timers' queue '{Queue}' at {Endpoint}: {Problem}")]
    private partial void RivalFound(string queue, BrokerEndpoint endpoint, string problem);

    [LoggerMessage(LogLevel.Warning, "Cannot publish to the timers' queue '{Queue}' at {Endpoint}: {Reason} Trying again until it works; {Meanwhile}.")]
    private partial void CannotPublish(string queue, BrokerEndpoint endpoint, string reason, string meanwhile);

    /// <summary>A message of the queue; the body is null if it is not from an instance.</summary>
    private sealed record Message(ulong DeliveryTag, bool Redelivered, IReadOnlyBasicProperties Properties, TimersBody? Body);
}
