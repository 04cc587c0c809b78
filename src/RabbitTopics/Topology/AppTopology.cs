using RabbitTopics.Startup;

namespace RabbitTopics.Topology;

/// <summary>What must exist on the brokers for this app to work: known before the first connection, and declared on every
/// connection, so that a broker that lost its data gets it back.</summary>
internal sealed class AppTopology
{
    private readonly List<QueueTopology> _queues = [];
    private readonly List<(string Setting, string Exchange, string? Type)> _exchanges = [];

    /// <summary>The queues that the app subscribes to topics.</summary>
    public IReadOnlyList<QueueTopology> Queues => _queues;

    /// <summary>What is wrong with the app's subscriptions and outputs.</summary>
    public StartupProblems Problems { get; } = new();

    /// <summary>Adds a queue.</summary>
    public void Add(QueueTopology queue) => _queues.Add(queue);

    /// <summary>The topology of a queue; null if the app only uses it.</summary>
    public QueueTopology? Find(string connectionStringSetting, string queue) =>
        _queues.Find(known => known.Queue == queue && SameSetting(known.ConnectionStringSetting, connectionStringSetting));

    /// <summary>The queues that the app subscribes on one broker.</summary>
    public IEnumerable<QueueTopology> QueuesOn(string connectionStringSetting) => _queues.Where(known => SameSetting(known.ConnectionStringSetting, connectionStringSetting));

    /// <summary>The type of an exchange that nothing gives one. Default: topic.</summary>
    public string ExchangeType { get; init; } = RabbitMQ.Client.ExchangeType.Topic;

    /// <summary>Adds an exchange that the app publishes to. The default exchange is always there, and nobody may declare it.</summary>
    public void AddExchange(string connectionStringSetting, string exchange, string? type = null)
    {
        if (exchange.Length > 0)
        {
            _exchanges.Add((connectionStringSetting, exchange, type));
        }
    }

    /// <summary>The exchanges that the app publishes to on one broker, with their types.</summary>
    public IEnumerable<(string Name, string Type)> ExchangesOn(string connectionStringSetting) => _exchanges
        .Where(known => SameSetting(known.Setting, connectionStringSetting))
        .Select(known => (known.Exchange, ExchangeTypeOf(connectionStringSetting, known.Exchange) ?? ExchangeTypes.OfName(known.Exchange) ?? ExchangeType))
        .Distinct();

    /// <summary>The type that the app's subscriptions and outputs give an exchange; null where none does.</summary>
    public string? ExchangeTypeOf(string connectionStringSetting, string exchange) => QueuesOn(connectionStringSetting)
        .SelectMany(queue => queue.Bindings)
        .FirstOrDefault(binding => binding.Exchange == exchange)?.ExchangeType
        ?? _exchanges.Find(known => SameSetting(known.Setting, connectionStringSetting) && known.Exchange == exchange && known.Type is not null).Type;

    private static bool SameSetting(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}
