using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Connection;

namespace RabbitTopics.Publish;

/// <summary>Publishes to one broker and returns when the broker has confirmed. Thread-safe; many publishes share one channel
/// and wait for their confirms side by side.</summary>
/// <param name="connection">The connection to publish on.</param>
/// <param name="prepare">Runs on every new channel before it is used.</param>
public sealed class ConfirmedPublisher(BrokerConnection connection, Func<IChannel, CancellationToken, Task> prepare) : IAsyncDisposable
{
    private static readonly CreateChannelOptions WithConfirms = new(
        publisherConfirmationsEnabled: true,
        publisherConfirmationTrackingEnabled: true,
        outstandingPublisherConfirmationsRateLimiter: null); // The default one throws when its queue is full.

    private readonly SemaphoreSlim _opening = new(1, 1);
    private IChannel? _channel;

    /// <summary>Publishes one message and waits until the broker has it and has routed it.</summary>
    /// <param name="exchange">The exchange; "" for the default exchange, which routes to the queue of the given name.</param>
    /// <param name="routingKey">The routing key.</param>
    /// <param name="properties">Properties and headers.</param>
    /// <param name="body">The body.</param>
    /// <param name="timeout">How long all of it may take.</param>
    /// <param name="cancellationToken">Gives up waiting; the broker may then have the message or not.</param>
    /// <exception cref="TopicPublishException">The broker did not take the message; the type says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task PublishAsync(string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body,
        TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        var sent = false;
        try
        {
            var channel = await GetChannelAsync(limit.Token);
            sent = true;
            // The client can wait for ever once its write loop has failed (rabbitmq-dotnet-client #1930), whatever its
            // token says; the second wait ends on time in every case.
            await channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, body, limit.Token)
                .AsTask().WaitAsync(limit.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw sent
                ? new PublishTimeoutException(exchange, routingKey, timeout, exception)
                : new BrokerUnavailableException(exchange, routingKey, $"no connection to the broker within {timeout.TotalSeconds:0.###} s.", exception);
        }
        catch (PublishReturnException exception)
        {
            throw new PublishReturnedException(exchange, routingKey, exception.ReplyText, exception);
        }
        catch (PublishException exception)
        {
            throw new PublishNackedException(exchange, routingKey, exception);
        }
        catch (OperationInterruptedException exception)
        {
            throw exception.ShutdownReason is { Initiator: ShutdownInitiator.Peer, ReplyCode: 403 or 404 or 406 } reason
                ? new PublishRefusedException(exchange, routingKey, reason.ReplyCode, reason.ReplyText, exception)
                : new BrokerUnavailableException(exchange, routingKey, "the connection to the broker was lost.", exception);
        }
        catch (Exception exception) when (exception is RabbitMQClientException or IOException or ObjectDisposedException or TimeoutException)
        {
            throw new BrokerUnavailableException(exchange, routingKey, "the connection to the broker was lost.", exception);
        }
    }

    /// <summary>Closes the channel.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_channel is { } channel)
        {
            await channel.DisposeAsync();
        }

        _opening.Dispose();
    }

    private async Task<IChannel> GetChannelAsync(CancellationToken cancellationToken)
    {
        if (_channel is { IsOpen: true } open)
        {
            return open;
        }

        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_channel is { IsOpen: true } openedMeanwhile)
            {
                return openedMeanwhile;
            }

            if (_channel is { } closed)
            {
                _channel = null;
                await closed.DisposeAsync();
            }

            var openConnection = await connection.GetOpenAsync(cancellationToken);
            var channel = await openConnection.CreateChannelAsync(WithConfirms, cancellationToken);
            try
            {
                await prepare(channel, cancellationToken);
            }
            catch
            {
                await channel.DisposeAsync();
                throw;
            }

            return _channel = channel;
        }
        finally
        {
            _opening.Release();
        }
    }
}
