using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using RabbitTopics.Receiving;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>Runs one timer function on its schedule while this instance leads, never twice at once. A run that takes longer than the
/// schedule's pace makes the next one late and past due; the others that it covers are left out.</summary>
/// <param name="function">The function.</param>
/// <param name="state">Where its status is kept.</param>
/// <param name="termAsync">Waits until this instance leads.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Is told of failures and of what was left out.</param>
internal sealed class TimerListener(
    TimerFunction function, TimersState state, Func<CancellationToken, Task<TimerTerm>> termAsync, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoning = new();
    private Task _running = Task.CompletedTask;
    private bool _hasStarted;

    public void Start() => _running = Task.Run(RunUntilStoppedAsync);

    /// <summary>Begins no further run and waits for the one at work, which is cancelled when the token is.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await using (cancellationToken.Register(_abandoning.Cancel))
        {
            await Stopping.WaitAsync(_running, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopping.IsCancellationRequested)
        {
            await StopAsync(new CancellationToken(canceled: true));
        }

        _stopping.Dispose();
        _abandoning.Dispose();
    }

    private async Task RunUntilStoppedAsync()
    {
        var stop = _stopping.Token;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var term = await termAsync(stop);
                if (term.Ended.IsCancellationRequested)
                {
                    await Task.Yield(); // It is about to be replaced.
                    continue;
                }

                await RunAsync(term, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task RunAsync(TimerTerm term, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop, term.Ended);
        var known = state.Find(function.Name);
        var (status, isMissed) = TimerPlan.Begin(known, function.Schedule, function.IsMonitored, time.GetUtcNow());
        if (status != known)
        {
            state.Set(function.Name, status, function.IsMonitored);
        }

        if (function.RunOnStartup && !_hasStarted && !isMissed && await term.HoldsAsync())
        {
            status = await InvokeAsync(status, isPastDue: false, status.Next);
        }

        while (!over.IsCancellationRequested)
        {
            var now = time.GetUtcNow();
            var wait = status.Next - now;
            if (wait > TimeSpan.Zero)
            {
                // Task.Delay cannot wait for more than 49 days at once.
                var step = wait < TimeSpan.FromDays(1) ? wait : TimeSpan.FromDays(1);
                await Task.Delay(step, time, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            var (isLate, next, skipped) = TimerPlan.Run(function.Schedule, status.Next, now);
            if (!await term.HoldsAsync() || stop.IsCancellationRequested)
            {
                return;
            }

            if (skipped > 0)
            {
                logger.LogWarning("Function '{Function}' is late: its run of {Due:u} begins now; skipped {Skipped} occurrences after that.",
                    function.Name, status.Next, skipped < TimerPlan.MostCounted ? $"{skipped}" : $"{skipped} or more");
            }

            status = await InvokeAsync(status, isLate || isMissed, next);
            isMissed = false;
        }
    }

    private async Task<TimerStatus> InvokeAsync(TimerStatus status, bool isPastDue, DateTimeOffset next)
    {
        _hasStarted = true;
        var started = time.GetUtcNow();
        var timer = new TimerInfo
        {
            IsPastDue = isPastDue,
            ScheduleStatus = function.IsMonitored
                ? new ScheduleStatus
                {
                    Last = status.Last?.UtcDateTime ?? default,
                    Next = status.Next.UtcDateTime,
                    LastUpdated = status.LastUpdated.UtcDateTime,
                }
                : null,
        };
        try
        {
            await function.Run(timer, _abandoning.Token);
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "Function '{Function}' failed; it runs again on its schedule.", function.Name);
        }

        // Also where the term ended meanwhile: should this instance lead again, it knows what it has run.
        var ran = new TimerStatus(function.Schedule.Text, started, next, started);
        state.Set(function.Name, ran, function.IsMonitored);
        return ran;
    }
}
