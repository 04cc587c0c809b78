using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions;

namespace RabbitTopics.Soak;

/// <summary>What became of each message of the steady soak. In memory from the start as it will be at the end, so that its growth is not taken
/// for a leak.</summary>
public sealed class SteadyTally
{
    private readonly byte[] _handled;
    private readonly bool[] _failed;
    private int _distinct;

    public SteadyTally(int messages)
    {
        _handled = new byte[messages];
        _failed = new bool[messages];
        Array.Fill(_handled, byte.MaxValue); // The system gives a page of memory when it is first written.
        Array.Fill(_failed, true);
        Array.Clear(_handled);
        Array.Clear(_failed);
    }

    public int Distinct => Volatile.Read(ref _distinct);

    public int Failed => _failed.Count(failed => failed);

    public int Duplicates => _handled.Sum(times => Math.Max(0, times - 1));

    public void Handle(Order order)
    {
        lock (_handled)
        {
            if (order.Fate == Fate.FailsOnce && !_failed[order.Number])
            {
                _failed[order.Number] = true;
                throw new InvalidOperationException($"Order {order.Number} fails once.");
            }

            _distinct += _handled[order.Number] == 0 ? 1 : 0;
            _handled[order.Number] += (byte)(_handled[order.Number] < byte.MaxValue ? 1 : 0);
        }
    }
}

/// <summary>The function of the steady soak.</summary>
public sealed class SteadyFunctions(SteadyTally tally)
{
    public const string Name = "Steady";
    public const string Topic = "soak.steady";

    [Function(Name)]
    [Consume(Concurrency = 8, Prefetch = 100)]
    [ErrorPolicy(ErrorAction.Retry, Delays = "00:00:00.500", MaxAttempts = 3)]
    public void Run([RabbitMQTrigger(Topic)][TopicSubscription(Topic)] Order order) => tally.Handle(order);
}
