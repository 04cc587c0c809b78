using RabbitMQ.Client;
using RabbitTopics.Connections;

namespace RabbitTopics.Publishing;

/// <summary>Publishes to one broker and returns when the broker has confirmed. Thread-safe. The order of calls is the order on the wire, for
/// each exchange. An exchange has a writer with a channel of its own, so that one which is missing disturbs no other.</summary>
internal sealed class ConfirmedPublisher : MessagePublisher
{
    /// <summary>RabbitMQ allows 2047 channels on a connection.</summary>
    private const int MostWriters = 1000;

    private readonly BrokerConnection _connection;
    private readonly Func<string, IChannel, CancellationToken, Task> _prepare;
    private readonly int _mostInFlight;
    private readonly long _mostBytes;
    private readonly Dictionary<string, ExchangeWriter> _writers = [];
    private readonly TimeSpan _idleTime;
    private readonly Timer _cleaning;
    private bool _isClosed;

    /// <summary>A publisher that has no channels yet.</summary>
    /// <param name="connection">The connection to publish on.</param>
    /// <param name="prepare">Runs on every new channel of an exchange before it is used.</param>
    /// <param name="mostInFlight">How many publishes to one exchange may wait for their confirms.</param>
    /// <param name="mostBytes">How many bytes those may have that wait for the broker, as <see cref="Publish.Size"/> counts.</param>
    /// <param name="idleTime">After how long without a publish the channel of an exchange is closed. Default: a minute.</param>
    public ConfirmedPublisher(BrokerConnection connection, Func<string, IChannel, CancellationToken, Task> prepare, int mostInFlight, long mostBytes = long.MaxValue, TimeSpan? idleTime = null)
    {
        _connection = connection;
        _prepare = prepare;
        _mostInFlight = mostInFlight;
        _mostBytes = mostBytes;
        _idleTime = idleTime ?? TimeSpan.FromMinutes(1);
        _cleaning = new Timer(_ => CloseIdle(_idleTime), null, _idleTime, _idleTime);
    }

    public override Task PublishAsync(Publish publish, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        while (WriterOf(publish.Exchange) is { } writer)
        {
            if (writer.TryPublish(publish, cancellationToken) is { } answer)
            {
                return answer;
            }
        }

        return Task.FromException(new BrokerUnavailableException(publish.Exchange, publish.RoutingKey, "the publisher was closed."));
    }

    /// <summary>Closes the channels.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _cleaning.DisposeAsync();
        ExchangeWriter[] writers;
        lock (_writers)
        {
            _isClosed = true;
            writers = [.. _writers.Values];
        }

        foreach (var writer in writers)
        {
            await writer.DisposeAsync();
        }
    }

    /// <summary>The writer of an exchange; null where the publisher is closed.</summary>
    private ExchangeWriter? WriterOf(string exchange)
    {
        lock (_writers)
        {
            if (_isClosed)
            {
                return null;
            }

            if (!_writers.TryGetValue(exchange, out var writer))
            {
                if (_writers.Count >= MostWriters)
                {
                    CloseIdle(TimeSpan.Zero);
                }

                _writers[exchange] = writer = new ExchangeWriter(exchange, _connection, (channel, token) => _prepare(exchange, channel, token), _mostInFlight, _mostBytes);
            }

            return writer;
        }
    }

    private void CloseIdle(TimeSpan idleTime)
    {
        lock (_writers)
        {
            foreach (var (exchange, writer) in _writers)
            {
                if (writer.TryCloseIdle(idleTime))
                {
                    _writers.Remove(exchange); // A dictionary may be removed from while it is enumerated.
                }
            }
        }
    }
}
