using System.Collections.Concurrent;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>How many invocations of each function the host has begun and ended in this process.</summary>
internal sealed class InvocationCounts
{
    private readonly ConcurrentDictionary<string, Counts> _functions = new(StringComparer.OrdinalIgnoreCase);

    public void Begin(string function) => Interlocked.Increment(ref Of(function).Begun);

    public void End(string function) => Interlocked.Increment(ref Of(function).Ended);

    public (long Begun, long Ended) Read(string function)
    {
        var counts = Of(function);
        return (Interlocked.Read(ref counts.Begun), Interlocked.Read(ref counts.Ended));
    }

    private Counts Of(string function) => _functions.GetOrAdd(function, static _ => new Counts());

    private sealed class Counts
    {
        public long Begun;
        public long Ended;
    }
}
