using RabbitMQ.Client;
using RabbitTopics.Connections;

namespace RabbitTopics.Publishing;

/// <summary>The publishes to one exchange, in the order of their calls, on a channel that is opened again when it is lost.</summary>
internal sealed class ExchangeLane(BrokerConnection connection, Func<IChannel, CancellationToken, Task> prepare, int mostInFlight) : IAsyncDisposable
{
    private readonly SendingOrder _order = new();
    private readonly SemaphoreSlim _inFlight = new(mostInFlight, mostInFlight);
    private PublishChannel? _channel;

    /// <summary>A place in the order of the calls, for one message, however often it is sent.</summary>
    public long Join() => _order.Join();

    /// <summary>Gives the place back.</summary>
    public void End(long call) => _order.End(call);

    /// <summary>Sends a message when it is its turn, and returns the broker's answer.</summary>
    public async Task<PublishAnswer> PublishAsync(long call, string exchange, string routingKey, PublishTerms terms, BasicProperties properties,
        ReadOnlyMemory<byte> body, PublishStage stage, CancellationToken cancellationToken)
    {
        Task<PublishAnswer>? answer = null;
        while (answer is null)
        {
            await _order.EnterAsync(call, cancellationToken);
            try
            {
                // The place in flight is taken within the turn: two waits one after the other would lose the order.
                await _inFlight.WaitAsync(cancellationToken);
                try
                {
                    answer = await TrySendAsync(call, exchange, routingKey, terms, properties, body, stage, cancellationToken);
                }
                finally
                {
                    if (answer is null)
                    {
                        _inFlight.Release();
                    }
                }
            }
            catch (Exception) when (terms.Resend && !cancellationToken.IsCancellationRequested)
            {
                _order.Hold(call);
                throw;
            }
            finally
            {
                _order.Leave();
            }
        }

        try
        {
            return await answer.WaitAsync(cancellationToken);
        }
        finally
        {
            _inFlight.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_channel is { } channel)
        {
            await channel.DisposeAsync();
        }

        _inFlight.Dispose();
    }

    /// <summary>Sends a message; null where earlier calls have to send again first.</summary>
    private async Task<Task<PublishAnswer>?> TrySendAsync(long call, string exchange, string routingKey, PublishTerms terms, BasicProperties properties,
        ReadOnlyMemory<byte> body, PublishStage stage, CancellationToken cancellationToken)
    {
        var open = await connection.GetOpenAsync(cancellationToken);
        stage.IsConnected = true;
        await connection.WaitUntilUnblockedAsync(cancellationToken); // What the broker does not read would only pile up here.
        if (_channel is not { IsOpen: true })
        {
            Abandon(isLost: true);
            if (!_order.IsEarliest(call))
            {
                return null;
            }

            _channel = await PublishChannel.OpenAsync(open, prepare, cancellationToken);
        }

        if (terms.Resend)
        {
            _order.NoteSent(call, _channel);
        }

        try
        {
            return await _channel.SendAsync(exchange, routingKey, terms.Mandatory, properties, body, cancellationToken);
        }
        catch
        {
            Abandon(isLost: !cancellationToken.IsCancellationRequested); // Out of patience; what else is under way may be answered.
            throw;
        }
    }

    /// <summary>Lets a channel go, without waiting: to say goodbye on a connection that swallows everything takes its time.</summary>
    private void Abandon(bool isLost)
    {
        if (_channel is { } channel)
        {
            _channel = null;
            if (isLost)
            {
                _order.Lose(channel);
                channel.Lose();
            }

            _ = Task.Run(async () =>
            {
                try
                {
                    await channel.RetireAsync();
                }
                catch (Exception)
                {
                    // The connection ends it.
                }
            });
        }
    }
}
