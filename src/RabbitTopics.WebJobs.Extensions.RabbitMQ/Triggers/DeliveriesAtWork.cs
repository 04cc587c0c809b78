using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using RabbitTopics.Messages;

namespace RabbitTopics.WebJobs.Triggers;

/// <summary>The deliveries whose functions are at work, for an app that settles one of them or says how it failed.</summary>
internal sealed class DeliveriesAtWork
{
    private readonly ConcurrentDictionary<string, DeliveryAtWork> _byId = new();

    /// <summary>Adds one, until it is disposed.</summary>
    public DeliveryAtWork Enter(Delivery delivery)
    {
        var entered = new DeliveryAtWork(delivery, RandomNumberGenerator.GetHexString(32), id => _byId.TryRemove(id, out _));
        _byId[entered.Id] = entered;
        return entered;
    }

    /// <summary>Finds one; false where its function has ended.</summary>
    public bool TryFind(string id, [NotNullWhen(true)] out DeliveryAtWork? found) => _byId.TryGetValue(id, out found);
}

/// <summary>One delivery whose function is at work.</summary>
internal sealed class DeliveryAtWork(Delivery delivery, string id, Action<string> leave) : IDisposable
{
    /// <summary>The delivery.</summary>
    public Delivery Delivery => delivery;

    /// <summary>By which the app names it.</summary>
    public string Id => id;

    /// <summary>What the app says came out of the function; null where it says nothing.</summary>
    public Exception? Failure { get; set; }

    public void Dispose() => leave(id);
}
