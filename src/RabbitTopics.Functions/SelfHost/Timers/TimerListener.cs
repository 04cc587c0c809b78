using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using RabbitTopics.Connections;
using RabbitTopics.Receiving;
using RabbitTopics.Telemetry;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>A function with a timer trigger. If it is monitored, its status is stored and a missed occurrence is run
/// late.</summary>
internal sealed record TimerFunction(
    string Name, Schedule Schedule, bool RunOnStartup, bool IsMonitored, Func<TimerInfo, CancellationToken, Task> Run);

/// <summary>A period in which this instance runs the app's timers.</summary>
internal sealed record TimerTerm(Func<Task<bool>> AskAsync, CancellationToken Ended)
{
    /// <summary>The period of an instance that always runs its timers.</summary>
    public static TimerTerm Always { get; } = new(() => Task.FromResult(true), CancellationToken.None);

    /// <summary>Whether it still holds: asks the broker. No occurrence starts without this check, because a lost connection may stay
    /// unnoticed for seconds.</summary>
    public async Task<bool> HoldsAsync() => await AskAsync() && !Ended.IsCancellationRequested;
}

/// <summary>Runs one timer function on its schedule while this instance leads, never twice at once. A run that takes longer than the
/// schedule's pace makes the next one late and past due; the others that it covers are left out.</summary>
internal sealed partial class TimerListener(
    TimerFunction function, TimersState state, Func<CancellationToken, Task<TimerTerm>> termAsync, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly BackgroundWork _work = new();
    private bool _hasStarted;

    public TimerFunction Function => function;

    public void Start() => _work.Start(async () =>
    {
        while (!_work.Stop.IsCancellationRequested)
        {
            var term = await termAsync(_work.Stop);
            try
            {
                await (term.Ended.IsCancellationRequested ? Task.Delay(1, CancellationToken.None) : RunAsync(term)); // One that has ended is about to be replaced.
            }
            catch (Exception exception) when (!_work.Stop.IsCancellationRequested)
            {
                TimerFailed(Secret.Hide(exception), function.Name);
                await Task.Delay(TimeSpan.FromSeconds(1), _work.Stop);
            }
        }
    });

    /// <summary>Starts no further run and waits for the current one, which is cancelled with the token.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _work.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _work.DisposeAsync();

    private async Task RunAsync(TimerTerm term)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_work.Stop, term.Ended);
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
                // In steps, as the clock may be set meanwhile, and a machine may sleep.
                var step = wait < TimeSpan.FromMinutes(1) ? wait : TimeSpan.FromMinutes(1);
                await Task.Delay(step, time, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            if (!await term.HoldsAsync() || _work.Stop.IsCancellationRequested)
            {
                break;
            }

            var (isLate, next, skipped) = TimerPlan.Run(function.Schedule, status.Next, now);
            if (skipped > 0)
            {
                RunIsLate(function.Name, status.Next, TimerPlan.Counted(skipped));
            }

            status = await InvokeAsync(status, isLate || isMissed, next);
            isMissed = false;
        }

        if (!_work.Stop.IsCancellationRequested && !function.IsMonitored && status.Next <= time.GetUtcNow())
        {
            // If it is monitored, the next leader runs it late.
            RunsLeftOut(function.Name, status.Next, TimerPlan.Counted(TimerPlan.Run(function.Schedule, status.Next, time.GetUtcNow()).Skipped));
        }
    }

    private async Task<TimerStatus> InvokeAsync(TimerStatus status, bool isPastDue, DateTimeOffset next)
    {
        _hasStarted = true;
        var started = time.GetUtcNow();
        Tracing.Quietly(() => Metrics.TimerLateness.Record(Math.Max(0, (started - status.Next).TotalSeconds), new KeyValuePair<string, object?>(Conventions.Handler, function.Name)));
        try
        {
            var kept = function.IsMonitored
                ? new ScheduleStatus { Last = status.Last?.UtcDateTime ?? default, Next = status.Next.UtcDateTime, LastUpdated = status.LastUpdated.UtcDateTime }
                : null;
            await function.Run(new TimerInfo { IsPastDue = isPastDue, ScheduleStatus = kept }, _work.Abandon);
        }
        catch (Exception exception)
        {
            RunFailed(Secret.Hide(exception), function.Name);
        }

        // Also if the term has ended meanwhile: if this instance leads again, it must know what it has run.
        var ran = new TimerStatus(function.Schedule.Text, started, next, started);
        state.Set(function.Name, ran, function.IsMonitored);
        return ran;
    }

    [LoggerMessage(LogLevel.Error, "Function '{Function}': its timer failed; it runs on.")]
    private partial void TimerFailed(Exception exception, string function);

    [LoggerMessage(LogLevel.Error, "Function '{Function}' failed; it runs again on its schedule.")]
    private partial void RunFailed(Exception exception, string function);

    [LoggerMessage(LogLevel.Warning, "Function '{Function}' is late: its run of {Due:u} begins now; skipped {Skipped} occurrences after that.")]
    private partial void RunIsLate(string function, DateTimeOffset due, string skipped);

    [LoggerMessage(LogLevel.Warning, "Function '{Function}' does not run here at {Due:u}, nor at {Skipped} occurrences after that: this instance does not lead any more.")]
    private partial void RunsLeftOut(string function, DateTimeOffset due, string skipped);
}
