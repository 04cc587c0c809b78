namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>A time in which this instance runs the app's timers.</summary>
/// <param name="holdsAsync">Asks whether it still holds.</param>
/// <param name="ended">Cancelled when it is over.</param>
internal sealed class TimerTerm(Func<Task<bool>> holdsAsync, CancellationToken ended)
{
    /// <summary>The time of an instance that runs its timers whatever others do.</summary>
    public static TimerTerm Always { get; } = new(() => Task.FromResult(true), CancellationToken.None);

    /// <summary>Cancelled when it is over.</summary>
    public CancellationToken Ended => ended;

    /// <summary>Whether it still holds, as the broker says now. No occurrence begins without that: a connection can be lost for seconds
    /// before anybody here notices.</summary>
    public async Task<bool> HoldsAsync() => !ended.IsCancellationRequested && await holdsAsync() && !ended.IsCancellationRequested;
}
