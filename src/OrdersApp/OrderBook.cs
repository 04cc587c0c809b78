using System.Collections.Concurrent;

namespace OrdersApp;

/// <summary>What is known of the orders, in memory.</summary>
public sealed class OrderBook
{
    private readonly ConcurrentDictionary<long, bool> _isPaid = new();

    /// <summary>How many orders there are, and how many of them are paid.</summary>
    public (int Orders, int Paid) Count => (_isPaid.Count, _isPaid.Values.Count(isPaid => isPaid));

    /// <summary>Notes an order.</summary>
    public void Add(long order) => _isPaid.TryAdd(order, false);

    /// <summary>Notes a payment.</summary>
    public void Pay(long order) => _isPaid[order] = true;

    /// <summary>Whether an order is paid.</summary>
    public bool IsPaid(long order) => _isPaid.GetValueOrDefault(order);
}
