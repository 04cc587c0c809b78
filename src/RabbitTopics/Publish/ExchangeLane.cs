using RabbitMQ.Client;
using RabbitTopics.Connection;

namespace RabbitTopics.Publish;

/// <summary>The publishes to one exchange, in the order of their calls, on a channel that is opened again when it is lost.</summary>
internal sealed class ExchangeLane(BrokerConnection connection, Func<IChannel, CancellationToken, Task> prepare, int mostInFlight) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SemaphoreSlim _inFlight = new(mostInFlight, mostInFlight);
    private PublishChannel? _channel;

    /// <summary>Sends a message when it is its turn, and returns the broker's answer.</summary>
    public async Task<PublishAnswer> PublishAsync(string exchange, string routingKey, bool mandatory, BasicProperties properties,
        ReadOnlyMemory<byte> body, PublishStage stage, CancellationToken cancellationToken)
    {
        Task<PublishAnswer> answer;
        await _turn.WaitAsync(cancellationToken);
        try
        {
            // The place in flight is taken within the turn: two waits one after the other would lose the order.
            await _inFlight.WaitAsync(cancellationToken);
            try
            {
                answer = await SendAsync(exchange, routingKey, mandatory, properties, body, stage, cancellationToken);
            }
            catch
            {
                _inFlight.Release();
                throw;
            }
        }
        finally
        {
            _turn.Release();
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

        _turn.Dispose();
        _inFlight.Dispose();
    }

    private async Task<Task<PublishAnswer>> SendAsync(string exchange, string routingKey, bool mandatory, BasicProperties properties,
        ReadOnlyMemory<byte> body, PublishStage stage, CancellationToken cancellationToken)
    {
        var open = await connection.GetOpenAsync(cancellationToken);
        stage.IsConnected = true;
        await connection.WaitUntilUnblockedAsync(cancellationToken); // What the broker does not read would only pile up here.
        if (_channel is not { IsOpen: true })
        {
            Abandon();
            _channel = await PublishChannel.OpenAsync(open, prepare, cancellationToken);
        }

        try
        {
            return await _channel.SendAsync(exchange, routingKey, mandatory, properties, body, cancellationToken);
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    /// <summary>Lets a channel go, without waiting: to say goodbye on a connection that swallows everything takes its time.</summary>
    private void Abandon()
    {
        if (_channel is { } channel)
        {
            _channel = null;
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
