using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Connections;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>An instance's stay in the timers' queue: one consumer on one channel, until that ends.</summary>
/// <remarks>
/// <para>The broker delivers to one consumer of the queue, the active one, and does not tell a client that its consumer has become it
/// (https://www.rabbitmq.com/docs/consumers#single-active-consumer). So an instance that does not lead publishes a question every few
/// seconds: whoever gets a message is the active consumer. A queue whose messages somebody deleted has one again soon.</para>
/// <para>The active one publishes a token with the timers' state, and leads once it has got that itself: then it has got all that was in
/// the queue before, the last state of the leader before it as well. A leader acknowledges a token only when a newer one that says
/// all of it is confirmed, so that the broker hands the state to the next leader together with the lead.</para>
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Timers look at the token after the session's end; a source without a timer holds nothing.")]
internal sealed class TimerSession(Broker broker, IChannel channel, string queue, TimersState state, TimerLeadership leadership, ILogger logger)
{
    /// <summary>How often an instance that does not lead asks.</summary>
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(5);

    /// <summary>How long a token is held: a broker closes the channel of a consumer that holds one for longer than its
    /// consumer_timeout, 30 minutes by default (https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout).</summary>
    private static readonly TimeSpan RenewInterval = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan SaveRetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SavePatience = TimeSpan.FromSeconds(5);

    /// <summary>How long a question, and the token to lead by, may take: while the broker takes no messages, the next instance must lead
    /// nevertheless, and soon.</summary>
    private static readonly TimeSpan AskPatience = TimeSpan.FromSeconds(2);

    /// <summary>How long a stop may take to note the last runs.</summary>
    private static readonly TimeSpan FarewellPatience = TimeSpan.FromSeconds(2);

    /// <summary>What a leader before had under way comes in less than this.</summary>
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(30);

    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Channel<TimerToken?> _inbox = Channel.CreateUnbounded<TimerToken?>(); // Null: the state has changed.
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _over = new();
    private readonly byte[] _question = new TimersBody(new Dictionary<string, TimerStatus>(), state.Own).Write();
    private readonly List<ulong> _held = [];
    private readonly HashSet<string> _unknown = new(StringComparer.OrdinalIgnoreCase);
    private int _tokens;
    private string? _marker; // The token that this instance leads by when it gets it.
    private bool _leads;
    private TimeSpan _talksNext;
    private TimeSpan _holdsSince;
    private int? _savedVersion;
    private string? _failure;
    private string? _rival;
    private TimeSpan _rivalSeen;
    private bool _saidRival;

    /// <summary>Takes part until the channel ends or the token is cancelled, and says why it ended. A leader that is stopped leaves the
    /// state of its last runs; the lead goes to the next instance with the channel.</summary>
    public async Task<string> RunAsync(CancellationToken stop)
    {
        channel.ChannelShutdownAsync += (_, reason) => EndAsync($"{reason.ReplyCode} {reason.ReplyText}");
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.UnregisteredAsync += (_, _) => EndAsync("the broker cancelled the consumer, as it does when the queue is deleted");
        consumer.ReceivedAsync += (_, delivery) =>
        {
            _inbox.Writer.TryWrite(TimerToken.Read(delivery));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer, stop);
        leadership.Report(null);
        state.Changed += WakeUp;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _over.Token);
            await TalkAsync(either.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested && !_over.IsCancellationRequested)
        {
            if (_leads)
            {
                await SaveAsync(FarewellPatience, _over.Token);
            }
        }
        catch (Exception exception) when (_over.IsCancellationRequested && IsOfBroker(exception))
        {
            // The channel has ended, for a reason that is known already.
        }
        finally
        {
            state.Changed -= WakeUp;
            await EndAsync("stopping");
        }

        return await _ended.Task;
    }

    /// <summary>Whether what was thrown is a broken channel or connection.</summary>
    public static bool IsOfBroker(Exception exception) =>
        exception is RabbitMQClientException or IOException or ObjectDisposedException or TimeoutException or OperationCanceledException;

    private void WakeUp() => _inbox.Writer.TryWrite(null);

    private Task EndAsync(string reason)
    {
        if (_ended.TrySetResult(reason))
        {
            _ = _over.CancelAsync(); // Not awaited: what it wakes up is none of the client's callbacks' business.
            leadership.End();
        }

        return Task.CompletedTask;
    }

    private async Task TalkAsync(CancellationToken cancellationToken)
    {
        await AskAsync(cancellationToken);
        while (true)
        {
            if (await ReadAsync(cancellationToken) is { } token)
            {
                await TakeAsync(token, cancellationToken);
            }
            else if (_leads && (_savedVersion != state.Version || _clock.Elapsed >= _talksNext))
            {
                await SaveAsync(SavePatience, cancellationToken);
            }
            else if (!_leads && _clock.Elapsed >= _talksNext)
            {
                await AskAsync(cancellationToken);
            }
        }
    }

    /// <summary>The next token; null where the state has changed or it is time to talk.</summary>
    private async Task<TimerToken?> ReadAsync(CancellationToken cancellationToken)
    {
        var wait = _talksNext - _clock.Elapsed;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        try
        {
            return await _inbox.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task TakeAsync(TimerToken token, CancellationToken cancellationToken)
    {
        if (_held.Count == 0)
        {
            _holdsSince = _clock.Elapsed;
        }

        _held.Add(token.Tag);
        if (token.Body is null)
        {
            logger.LogWarning("A message in the timers' queue '{Queue}' comes from no instance of this app and is dropped. Nothing else may be published there.", queue);
        }

        var isNews = token.Body is { } body && state.Merge(body.Timers);
        if (_leads)
        {
            if (isNews)
            {
                await SaveAsync(SavePatience, cancellationToken); // The last token of the leader before came late.
            }
            else if (token.Kind != TimerToken.State)
            {
                _held.Remove(token.Tag);
                await channel.BasicAckAsync(token.Tag, multiple: false, cancellationToken);
            }

            LookForOtherTimers(token);
            LookForRival(token);
        }
        else if (token.Id is not null && token.Id == _marker)
        {
            Lead();
        }
        else if (_marker is null)
        {
            await TakeOverAsync(cancellationToken);
        }
    }

    /// <summary>Asks whether this is the active consumer.</summary>
    private async Task AskAsync(CancellationToken cancellationToken)
    {
        _marker = null; // One that has not come back within the interval went elsewhere.
        await PublishAsync(NextId(), TokenOf(TimerToken.Question), AskPatience, cancellationToken);
        _talksNext = _clock.Elapsed + AskInterval;
    }

    private async Task TakeOverAsync(CancellationToken cancellationToken)
    {
        _marker = NextId();
        if (!await PublishAsync(_marker, TokenOf(TimerToken.State), AskPatience, cancellationToken))
        {
            // The broker takes no messages, as while it is low on memory. What was in the queue has come in the meantime.
            Lead();
        }
    }

    private void Lead()
    {
        _leads = true;
        _talksNext = _clock.Elapsed; // Saves at once, so that what the leader before left is acknowledged.
        leadership.Begin(new TimerTerm(HoldsAsync, _over.Token));
    }

    /// <summary>Publishes the state and acknowledges the tokens that it makes needless.</summary>
    private async Task SaveAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var (version, needless) = (state.Version, _held.Count);
        if (await PublishAsync(NextId(), TokenOf(TimerToken.State), patience, cancellationToken))
        {
            _savedVersion = version;
            _talksNext = _clock.Elapsed + RenewInterval;
            if (needless > 0)
            {
                await channel.BasicAckAsync(_held[needless - 1], multiple: true, cancellationToken);
                _held.RemoveRange(0, needless);
                _holdsSince = _clock.Elapsed;
            }

            return;
        }

        _talksNext = _clock.Elapsed + SaveRetryDelay;
        if (_held.Count > 0 && _clock.Elapsed - _holdsSince > RenewInterval)
        {
            // Nothing can be published, and nothing is held for longer than the broker allows: it delivers these again, to us.
            await channel.BasicNackAsync(_held[^1], multiple: true, requeue: true, cancellationToken);
            _held.Clear();
        }
    }

    /// <summary>Whether the broker still knows this channel and the queue.</summary>
    private async Task<bool> HoldsAsync()
    {
        try
        {
            await channel.QueueDeclarePassiveAsync(queue, CancellationToken.None); // Answered by the queue; needs no permission.
            return true;
        }
        catch (Exception exception) when (IsOfBroker(exception))
        {
            await EndAsync($"the broker does not answer ({exception.Message.TrimEnd('.')})");
            return false;
        }
    }

    /// <summary>Timers that this instance does not have run nowhere while it leads.</summary>
    private void LookForOtherTimers(TimerToken token)
    {
        var others = token.Kind == TimerToken.Question && token.Body is { } body
            ? body.Own.Where(timer => !state.Own.Contains(timer) && _unknown.Add(timer)).ToArray()
            : [];
        if (others.Length > 0)
        {
            logger.LogWarning("Another instance has timers that this one, which runs the timers, does not have: {Timers}. They run once an instance that has them leads. "
                + "If it is no other version of this app, but another app, give that another name ({Setting}).", string.Join(", ", others), AppTimers.AppNameSetting);
        }
    }

    /// <summary>On a queue without a single active consumer everybody gets messages, and everybody leads. One message is no sign of it: the
    /// last one of the leader before may come late, as after the broker took none for a while.</summary>
    private void LookForRival(TimerToken token)
    {
        if (token.Kind != TimerToken.State || token.Sender is null || token.Sender == _id || token.IsRedelivered)
        {
            return;
        }

        if (token.Sender != _rival)
        {
            (_rival, _rivalSeen) = (token.Sender, _clock.Elapsed);
        }
        else if (_clock.Elapsed - _rivalSeen > Aftermath && !_saidRival)
        {
            _saidRival = true;
            const string problem = "another instance runs the timers as well: the queue was declared without x-single-active-consumer = true. "
                + "Delete it and declare it with that; see docs/timers.md.";
            leadership.Report(problem);
            logger.LogError("The timers' queue '{Queue}' at {Endpoint}: {Problem}", queue, broker.Endpoint, problem);
        }
    }

    private string NextId() => $"{_id}.{++_tokens}";

    private (string Kind, byte[] Body) TokenOf(string kind) => (kind, kind == TimerToken.State ? state.Write() : _question);

    /// <summary>Publishes a token. False where that failed, of which the first time is said.</summary>
    private async Task<bool> PublishAsync(string id, (string Kind, byte[] Body) token, TimeSpan patience, CancellationToken cancellationToken)
    {
        var properties = new BasicProperties
        {
            MessageId = id,
            CorrelationId = _id,
            Type = token.Kind,
            ContentType = "application/json",
            Persistent = token.Kind == TimerToken.State,
        };
        try
        {
            await broker.Publisher.PublishAsync("", queue, properties, token.Body, patience, cancellationToken);
            if (_failure is not null)
            {
                _failure = null;
                leadership.Report(null);
            }

            return true;
        }
        catch (TopicPublishException exception)
        {
            var failure = exception is PublishRefusedException refused ? $"{refused.ReplyText.TrimEnd('.')}. See docs/timers.md." : exception.Message;
            if (failure != _failure)
            {
                _failure = failure;
                if (exception is PublishRefusedException)
                {
                    leadership.Report(failure);
                }

                logger.LogWarning("Cannot publish to the timers' queue '{Queue}' at {Endpoint}: {Reason} Trying again until it works; {Meanwhile}.",
                    queue, broker.Endpoint, failure, _leads ? "the runs meanwhile are not noted" : "this instance may not notice that it is to run the timers");
            }

            return false;
        }
    }
}
