using System.Collections.Concurrent;

namespace RabbitTopics.Soak;

/// <summary>What the functions have handled.</summary>
public sealed class Tally
{
    private readonly ConcurrentDictionary<int, int> _handled = new();
    private readonly ConcurrentDictionary<int, bool> _failed = new();

    public int Distinct => _handled.Count;

    public ICollection<int> Numbers => _handled.Keys;

    public int Duplicates => _handled.Values.Sum(times => times - 1);

    public void Handle(Order order)
    {
        if (order.Fate == Fate.AlwaysFails || (order.Fate == Fate.FailsOnce && _failed.TryAdd(order.Number, true)))
        {
            throw new InvalidOperationException($"Order {order.Number} {order.Fate}.");
        }

        _handled.AddOrUpdate(order.Number, 1, (_, times) => times + 1);
    }
}
