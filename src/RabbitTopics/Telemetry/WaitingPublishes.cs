using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace RabbitTopics.Telemetry;

/// <summary>Counts the publishes that wait, when somebody asks.</summary>
internal sealed class WaitingPublishes
{
    private readonly ConcurrentDictionary<object, (string Exchange, Func<int> Count)> _sources = new();

    public WaitingPublishes(Meter meter) => meter.CreateObservableUpDownCounter("rabbittopics.publishes.waiting", Measure, "{message}", "Publishes that wait for the broker's confirm or for their turn.");

    /// <summary>Adds who knows of those to an exchange, until it is removed.</summary>
    public void Add(object owner, string exchange, Func<int> count) => _sources[owner] = (exchange, count);

    public void Remove(object owner) => _sources.TryRemove(owner, out _);

    private IEnumerable<Measurement<int>> Measure() =>
        from source in _sources.Values
        group source by source.Exchange into ofExchange
        select new Measurement<int>(ofExchange.Sum(source => source.Count()), new KeyValuePair<string, object?>(Conventions.Destination, ofExchange.Key));
}
