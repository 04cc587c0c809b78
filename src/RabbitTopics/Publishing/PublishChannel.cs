using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace RabbitTopics.Publishing;

/// <summary>One channel in confirm mode and the publishes on it that the broker has not answered yet.</summary>
/// <remarks>The client library can keep track of confirms, too, and then adds a header of its own to every message, by which it
/// knows returned ones again.</remarks>
internal sealed class PublishChannel : IAsyncDisposable
{
    private static readonly CreateChannelOptions WithConfirms = new(
        publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false, outstandingPublisherConfirmationsRateLimiter: null);

    private static readonly TimeSpan LongestRetirement = TimeSpan.FromSeconds(30);

    private readonly IChannel _channel;
    private readonly Dictionary<ulong, Pending> _pending = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _sent;
    private ulong _answered;
    private ShutdownEventArgs? _closed;

    private PublishChannel(IChannel channel)
    {
        _channel = channel;
        channel.BasicAcksAsync += (_, ack) => AnswerAsync(ack.DeliveryTag, ack.Multiple, taken: true);
        channel.BasicNacksAsync += (_, nack) => AnswerAsync(nack.DeliveryTag, nack.Multiple, taken: false);
        channel.BasicReturnAsync += (_, returned) => NoteReturnAsync(returned);
        channel.ChannelShutdownAsync += (_, reason) => CloseAsync(reason);
        if (!channel.IsOpen)
        {
            _ = CloseAsync(channel.CloseReason!);
        }
    }

    public bool IsOpen => _channel.IsOpen;

    public static async Task<PublishChannel> OpenAsync(IConnection connection, Func<IChannel, CancellationToken, Task> prepare, CancellationToken cancellationToken)
    {
        var channel = await connection.CreateChannelAsync(WithConfirms, cancellationToken);
        try
        {
            await prepare(channel, cancellationToken);
        }
        catch
        {
            await channel.DisposeAsync();
            throw;
        }

        return new PublishChannel(channel);
    }

    /// <summary>Sends a message; one at a time. The task that comes back ends with the broker's answer.</summary>
    /// <remarks>After an exception nobody knows whether the broker counts this message, so that the channel must not be used for
    /// another.</remarks>
    public async Task<Task<PublishAnswer>> SendAsync(
        string exchange, string routingKey, bool mandatory, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var pending = new Pending(exchange, routingKey, properties.MessageId, body.Length);
        lock (_pending)
        {
            if (_closed is { } reason)
            {
                throw new AlreadyClosedException(reason);
            }

            _pending.Add(++_sent, pending); // Before it is sent, as the answer may come at once.
        }

        try
        {
            var sending = _channel.BasicPublishAsync(exchange, routingKey, mandatory, properties, body, cancellationToken);
            if (!sending.IsCompletedSuccessfully)
            {
                await WaitAsync(sending.AsTask(), cancellationToken);
            }
        }
        catch
        {
            lock (_pending)
            {
                _pending.Remove(_sent);
            }

            throw;
        }

        return pending.Answer.Task;
    }

    /// <summary>Waits for the client to write. Once its write loop has failed it can wait for ever (rabbitmq-dotnet-client #1930), whatever its
    /// token says and though the channel is closed; this ends with the channel, and on time.</summary>
    private async Task WaitAsync(Task sending, CancellationToken cancellationToken)
    {
        if (await Task.WhenAny(sending, _ended.Task).WaitAsync(cancellationToken) == sending || sending.IsCompleted)
        {
            await sending;
            return;
        }

        _ = sending.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        throw new AlreadyClosedException(_closed!);
    }

    /// <summary>Ends what is under way on a channel that is lost, whether or not the client says so, too.</summary>
    public void Lose() => _ = CloseAsync(_channel.CloseReason ?? new ShutdownEventArgs(ShutdownInitiator.Library, Constants.InternalError, "the channel was lost"));

    /// <summary>Closes the channel when what is under way on it was answered, or after a while.</summary>
    public async Task RetireAsync()
    {
        var waited = Stopwatch.StartNew();
        while (HasPending() && waited.Elapsed < LongestRetirement)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        await DisposeAsync();
    }

    public ValueTask DisposeAsync() => _channel.DisposeAsync();

    private bool HasPending()
    {
        lock (_pending)
        {
            return _pending.Count > 0;
        }
    }

    private Task AnswerAsync(ulong number, bool multiple, bool taken)
    {
        lock (_pending)
        {
            for (var answered = multiple ? _answered + 1 : number; answered <= number; answered++)
            {
                if (_pending.Remove(answered, out var pending))
                {
                    pending.Answer.TrySetResult(new PublishAnswer(
                        pending.Returned is not null ? PublishVerdict.Returned : taken ? PublishVerdict.Taken : PublishVerdict.Nacked, pending.Returned));
                }
            }

            while (_answered < _sent && !_pending.ContainsKey(_answered + 1))
            {
                _answered++;
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Notes that a message reached no queue; its confirm is still to come. The return does not say which publish it answers. It is
    /// the oldest that looks the same: returns come in the order of publishing.</summary>
    private Task NoteReturnAsync(BasicReturnEventArgs returned)
    {
        lock (_pending)
        {
            var oldest = _pending
                .Where(entry => entry.Value.Returned is null && entry.Value.Matches(returned))
                .OrderBy(entry => entry.Key)
                .Select(entry => entry.Value)
                .FirstOrDefault();
            if (oldest is not null)
            {
                oldest.Returned = returned.ReplyText;
            }
        }

        return Task.CompletedTask;
    }

    private Task CloseAsync(ShutdownEventArgs reason)
    {
        lock (_pending)
        {
            _closed ??= reason;
            foreach (var pending in _pending.Values)
            {
                pending.Answer.TrySetException(new AlreadyClosedException(_closed));
                _ = pending.Answer.Task.Exception; // Its publisher may have stopped waiting.
            }

            _pending.Clear();
        }

        _ended.TrySetResult();

        return Task.CompletedTask;
    }

    private sealed class Pending(string exchange, string routingKey, string? messageId, int length)
    {
        public TaskCompletionSource<PublishAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string? Returned { get; set; }

        public bool Matches(BasicReturnEventArgs returned) => returned.Exchange == exchange && returned.RoutingKey == routingKey
            && returned.Body.Length == length && returned.BasicProperties.MessageId == messageId;
    }
}

/// <summary>What the broker said of a message.</summary>
internal enum PublishVerdict
{
    /// <summary>It has it.</summary>
    Taken,

    /// <summary>No queue is bound to the topic.</summary>
    Returned,

    /// <summary>It could not take it.</summary>
    Nacked,
}

/// <param name="Verdict">What the broker said.</param>
/// <param name="ReplyText">For a returned message, the reason.</param>
internal readonly record struct PublishAnswer(PublishVerdict Verdict, string? ReplyText);
