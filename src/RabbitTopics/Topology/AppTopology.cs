using RabbitTopics.Startup;

namespace RabbitTopics.Topology;

/// <summary>What must exist on the brokers for this app to work: known before the first connection, and declared on every
/// connection, so that a broker that lost its data gets it back.</summary>
internal sealed class AppTopology
{
    private readonly List<QueueTopology> _queues = [];
    private readonly List<(string Setting, string Exchange)> _exchanges = [];

    /// <summary>The queues that the app subscribes to topics.</summary>
    public IReadOnlyList<QueueTopology> Queues => _queues;

    /// <summary>What is wrong with the app's subscriptions and outputs.</summary>
    public StartupProblems Problems { get; } = new();

    /// <summary>Adds a queue.</summary>
    public void Add(QueueTopology queue) => _queues.Add(queue);

    /// <summary>What was said of a queue; null where the app only uses it.</summary>
    public QueueTopology? Find(string connectionStringSetting, string queue) =>
        _queues.Find(known => known.Queue == queue && SameSetting(known.ConnectionStringSetting, connectionStringSetting));

    /// <summary>Adds an exchange that the app publishes to.</summary>
    public void AddExchange(string connectionStringSetting, string exchange) => _exchanges.Add((connectionStringSetting, exchange));

    /// <summary>The exchanges that the app publishes to on one broker, with the types that its subscriptions give them, else
    /// topic.</summary>
    public IEnumerable<(string Name, string Type)> ExchangesOn(string connectionStringSetting) => _exchanges
        .Where(known => SameSetting(known.Setting, connectionStringSetting))
        .Select(known => (known.Exchange, ExchangeTypeOf(connectionStringSetting, known.Exchange) ?? new TopicBinding(known.Exchange, "").ExchangeType))
        .Distinct();

    /// <summary>The type that the app's subscriptions give an exchange; null where none does.</summary>
    public string? ExchangeTypeOf(string connectionStringSetting, string exchange) => _queues
        .Where(queue => SameSetting(queue.ConnectionStringSetting, connectionStringSetting))
        .SelectMany(queue => queue.Bindings)
        .FirstOrDefault(binding => binding.Exchange == exchange)?.ExchangeType;

    private static bool SameSetting(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}
