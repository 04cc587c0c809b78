using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitTopics.Connections;
using RabbitTopics.Topology;

namespace RabbitTopics.Brokers;

/// <summary>The app's brokers, by the name of the setting that holds the URI. Triggers and publishers that name the same
/// setting share its connections.</summary>
internal class AppBrokers(IConfiguration configuration, AppTopology topology, IOptions<RabbitTopicsOptions> options, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly Dictionary<string, Broker> _brokers = new(StringComparer.OrdinalIgnoreCase);
    private bool _isClosed;

    /// <summary>The broker that a setting names.</summary>
    /// <param name="settingName">The setting.</param>
    /// <param name="mode">What is done there about what must exist, where nobody asked for the broker before. Default: what the app's options say.</param>
    /// <exception cref="BrokerSettingException">The setting is missing or is not an AMQP URI.</exception>
    /// <exception cref="ObjectDisposedException">The app has ended.</exception>
    public Broker Get(string settingName, TopologyMode? mode = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(settingName);
        lock (_brokers)
        {
            if (!_brokers.TryGetValue(settingName, out var broker))
            {
                ObjectDisposedException.ThrowIf(_isClosed, this); // Nobody would close it.
                broker = Make(settingName, mode ?? options.Value.Topology);
                _brokers.Add(settingName, broker);
            }

            return broker;
        }
    }

    /// <summary>Makes the broker that a setting names.</summary>
    protected virtual Broker Make(string settingName, TopologyMode mode) => new(BrokerEndpoint.From(configuration, settingName), topology, mode, options.Value, loggers);

    /// <summary>The brokers that were asked for so far.</summary>
    internal IReadOnlyList<Broker> InUse
    {
        get
        {
            lock (_brokers)
            {
                return [.. _brokers.Values];
            }
        }
    }

    /// <summary>Closes every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_brokers)
        {
            _isClosed = true;
        }

        foreach (var broker in InUse)
        {
            await broker.DisposeAsync();
        }
    }
}
