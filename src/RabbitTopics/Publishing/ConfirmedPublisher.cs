using System.Collections.Concurrent;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Connections;

namespace RabbitTopics.Publishing;

/// <summary>Publishes to one broker and returns when the broker has confirmed. Thread-safe. Publishes wait for their confirms side by
/// side, a bounded number of them; what comes beyond it waits its turn. The order of calls is the order on the wire, for each
/// exchange. An exchange has a channel of its own, so that one which is missing disturbs no other.</summary>
/// <param name="connection">The connection to publish on.</param>
/// <param name="prepare">Runs on every new channel of an exchange before it is used.</param>
/// <param name="mostInFlight">How many publishes to one exchange may wait for their confirms.</param>
internal sealed class ConfirmedPublisher(
    BrokerConnection connection, Func<string, IChannel, CancellationToken, Task> prepare, int mostInFlight) : IAsyncDisposable
{
    /// <summary>A fault that comes back at once must not spin.</summary>
    private static readonly TimeSpan ResendDelay = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<string, ExchangeLane> _lanes = new();

    /// <summary>Publishes one message and waits until the broker has it and has routed it.</summary>
    /// <param name="exchange">The exchange; "" for the default exchange, which routes to the queue of the given name.</param>
    /// <param name="routingKey">The routing key.</param>
    /// <param name="properties">Properties and headers.</param>
    /// <param name="body">The body.</param>
    /// <param name="timeout">How long all of it may take.</param>
    /// <param name="cancellationToken">Gives up waiting; the broker may then have the message or not.</param>
    /// <exception cref="TopicPublishException">The broker did not take the message; the type says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task PublishAsync(string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body,
        TimeSpan timeout, CancellationToken cancellationToken) =>
        PublishAsync(exchange, routingKey, properties, body, new PublishTerms(timeout, Mandatory: true, Resend: false), cancellationToken);

    /// <summary>Publishes one message on given terms.</summary>
    internal async Task PublishAsync(string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body,
        PublishTerms terms, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(terms.Timeout);
        var lane = _lanes.GetOrAdd(exchange, name => new ExchangeLane(connection, (channel, token) => prepare(name, channel, token), mostInFlight));
        var call = lane.Join();
        try
        {
            await PublishAsync(lane, call, exchange, routingKey, properties, body, terms, limit, cancellationToken);
        }
        finally
        {
            lane.End(call);
        }
    }

    private async Task PublishAsync(ExchangeLane lane, long call, string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body,
        PublishTerms terms, CancellationTokenSource limit, CancellationToken cancellationToken)
    {
        for (var sendings = 1; ; sendings++)
        {
            var stage = new PublishStage();
            try
            {
                if (sendings > 1)
                {
                    await Task.Delay(ResendDelay, limit.Token);
                }

                var answer = await lane.PublishAsync(call, exchange, routingKey, terms, properties, body, stage, limit.Token);
                switch (answer.Verdict)
                {
                    case PublishVerdict.Returned:
                        throw new PublishReturnedException(exchange, routingKey, answer.ReplyText!, null);
                    case PublishVerdict.Nacked:
                        throw new PublishNackedException(exchange, routingKey, null);
                    default:
                        return;
                }
            }
            catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
            {
                throw stage.IsConnected
                    ? new PublishTimeoutException(exchange, routingKey, terms.Timeout, connection.BlockedReason, exception)
                    : new BrokerUnavailableException(exchange, routingKey, $"no connection to the broker within {terms.Timeout.TotalSeconds:0.###} s.", exception);
            }
            catch (OperationInterruptedException exception) when (exception.ShutdownReason is { Initiator: ShutdownInitiator.Peer, ReplyCode: 403 or 404 or 406 } reason
                && !IsOfAnotherMessage(reason, properties, body))
            {
                throw new PublishRefusedException(exchange, routingKey, reason.ReplyCode, AccessRefusal.Describe(reason), exception);
            }
            catch (Exception exception) when (exception is RabbitMQClientException or IOException or ObjectDisposedException or TimeoutException)
            {
                if (!terms.Resend || limit.IsCancellationRequested)
                {
                    throw new BrokerUnavailableException(exchange, routingKey, exception is OperationInterruptedException { ShutdownReason.ReplyCode: 406 }
                        ? "the broker closed the channel because of another message, and it may have this one or not; Resend sends it again."
                        : "the connection to the broker was lost.", exception);
                }
            }
        }
    }

    /// <summary>Whether the broker closed the channel because of another message that was under way on it. What it says of the exchange
    /// holds for all of them, and what it says of a property or the size for those that have it (rabbit_channel.erl, basic.publish).</summary>
    private static bool IsOfAnotherMessage(ShutdownEventArgs reason, BasicProperties properties, ReadOnlyMemory<byte> body) => reason.ReplyText switch
    {
        var text when text.Contains("user_id", StringComparison.Ordinal) => properties.UserId is null,
        var text when text.Contains("invalid expiration", StringComparison.Ordinal) => properties.Expiration is null,
        var text when text.Contains("_in_header", StringComparison.Ordinal) => properties.Headers?.Keys.Any(name => name is "CC" or "BCC") != true,
        var text when text.Contains("message size ", StringComparison.Ordinal) => !text.Contains($"message size {body.Length} ", StringComparison.Ordinal),
        _ => false,
    };

    /// <summary>Closes the channels.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _lanes.Values)
        {
            await lane.DisposeAsync();
        }
    }
}
