using System.Diagnostics;
using RabbitTopics.Benchmarks.Workloads;

namespace RabbitTopics.Benchmarks.Measuring;

/// <summary>Handles the messages of a stretch: counts them by their numbers, and measures. It allocates nothing for a message unless the handler is
/// to wait.</summary>
/// <param name="messages">How many there are, numbered from 0.</param>
/// <param name="handling">How long a handler waits.</param>
/// <param name="lead">How many are handled before those that are measured, and after them.</param>
internal sealed class Tally(int messages, TimeSpan handling = default, int lead = 0)
{
    /// <summary>How long the first message may take: the app starts, and the code of some is compiled.</summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromMinutes(5);

    /// <summary>How long no message may be handled before the rest counts as lost.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly int[] _handled = new int[messages];
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Meter _meter;
    private int _begun;
    private int _distinct;
    private int _unknown;

    /// <summary>The tally of the stretch at work. Static, as functions and Wolverine's handlers are: a service would cost some contenders
    /// alone.</summary>
    public static Tally Current { get; set; } = new(0);

    /// <summary>Whether the time of each message is noted.</summary>
    public bool NotesTimes { get; init; }

    /// <summary>When each message was handled, as a time stamp of <see cref="Stopwatch"/>.</summary>
    public long[] HandledAt { get; } = new long[messages];

    /// <summary>From the first message that is measured to the last.</summary>
    public Measurement Measured { get; private set; } = new(0, 0, 0);

    /// <summary>What every contender's handler does.</summary>
    public Task HandleAsync(Order order)
    {
        if (lead == 0 && Volatile.Read(ref _begun) == 0 && Interlocked.Exchange(ref _begun, 1) == 0)
        {
            _meter = Meter.Start();
        }

        return handling == TimeSpan.Zero ? Count(order.Number) : WaitAndCountAsync(order.Number);
    }

    /// <summary>Counts a message.</summary>
    public Task Count(int number)
    {
        if ((uint)number >= (uint)messages)
        {
            Interlocked.Increment(ref _unknown);
            return Task.CompletedTask;
        }

        if (NotesTimes)
        {
            HandledAt[number] = Stopwatch.GetTimestamp();
        }

        if (Interlocked.Increment(ref _handled[number]) == 1)
        {
            var distinct = Interlocked.Increment(ref _distinct);
            if (distinct == lead)
            {
                _meter = Meter.Start();
            }

            if (distinct == messages - lead)
            {
                Measured = _meter.Stop(messages - (2 * lead));
            }

            if (distinct == messages)
            {
                _complete.SetResult();
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Returns when every message was handled, or none has been for a while; <see cref="Check"/> knows which.</summary>
    public async Task WaitAsync()
    {
        var (seen, since) = (0, Stopwatch.GetTimestamp());
        while (!_complete.Task.IsCompleted && Stopwatch.GetElapsedTime(since) < (seen == 0 ? FirstPatience : Patience))
        {
            await Task.WhenAny(_complete.Task, Task.Delay(LookEvery));
            if (Volatile.Read(ref _distinct) is var distinct && distinct > seen)
            {
                (seen, since) = (distinct, Stopwatch.GetTimestamp());
            }
        }
    }

    /// <exception cref="CaseFailedException">A message was not handled, or more than once.</exception>
    public void Check()
    {
        var missing = Array.IndexOf(_handled, 0);
        var doubled = Array.FindIndex(_handled, times => times > 1);
        var problem = missing >= 0 ? $"{_handled.Count(times => times == 0)} of {messages} messages did not come, the first of them number {missing}."
            : doubled >= 0 ? $"{_handled.Count(times => times > 1)} of {messages} messages came more than once, the first of them number {doubled}."
            : _unknown > 0 ? $"{_unknown} messages came that nobody has sent."
            : null;
        if (problem is not null)
        {
            throw new CaseFailedException(problem);
        }
    }

    private async Task WaitAndCountAsync(int number)
    {
        await Task.Delay(handling);
        _ = Count(number);
    }
}
