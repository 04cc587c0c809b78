using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.Health;
using RabbitTopics.Publishing;
using RabbitTopics.Topology;

namespace RabbitTopics.Connections;

/// <summary>One broker and the app's two connections to it: a publisher that the broker holds back (its memory or disk
/// alarm blocks whole connections) must not stop acknowledgements.</summary>
internal sealed class Broker : IAsyncDisposable
{
    private readonly BrokerConnection _publishing;

    /// <summary>A broker; nothing is opened yet.</summary>
    public Broker(BrokerEndpoint endpoint, AppTopology topology, TopologyMode mode, int mostInFlight, QueueHealth health, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var logger = loggers.CreateLogger<BrokerConnection>();
        Endpoint = endpoint;
        Mode = mode;
        Health = health;
        Consuming = new BrokerConnection(endpoint, "consuming", logger);
        _publishing = new BrokerConnection(endpoint, "publishing", logger);
        Publisher = new ConfirmedPublisher(_publishing,
            (exchange, channel, cancellationToken) => TopologyDeclarer.ApplyExchangesAsync(
                channel, topology.ExchangesOn(endpoint.SettingName).Where(known => known.Name == exchange), mode, cancellationToken),
            mostInFlight);
    }

    /// <summary>Where the broker is.</summary>
    public BrokerEndpoint Endpoint { get; }

    /// <summary>What the app does about the exchanges and queues that it needs there.</summary>
    public TopologyMode Mode { get; }

    /// <summary>Where its consumers say how they are.</summary>
    internal QueueHealth Health { get; }

    /// <summary>Whether one of the connections was asked for and is not open.</summary>
    public bool IsDown => Consuming.IsDown || _publishing.IsDown;

    /// <summary>The connection that consumers use.</summary>
    public BrokerConnection Consuming { get; }

    /// <summary>Publishes on a connection of its own.</summary>
    public ConfirmedPublisher Publisher { get; }

    /// <summary>Why the broker takes no messages at the moment; null while it does.</summary>
    public string? PublishingBlockedReason => _publishing.BlockedReason;

    /// <summary>Does something on a channel of its own: what the broker refuses closes that channel and no other. On the consuming
    /// connection, as the broker reads nothing from a publishing one while it is low on memory, and consumers must be able to start
    /// then.</summary>
    internal async Task UseChannelAsync(Func<IChannel, Task> use, CancellationToken cancellationToken)
    {
        var connection = await Consuming.GetOpenAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await use(channel);
    }

    /// <summary>Closes both connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await Consuming.DisposeAsync();
        await Publisher.DisposeAsync();
        await _publishing.DisposeAsync();
    }
}
