using System.Collections.Immutable;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using RabbitTopics.Receive;
using RabbitTopics.Functions.SelfHost.Invocation;
using RabbitTopics.Functions.SelfHost.Triggers;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>Runs one timer function on its schedule, never twice at once. A run that takes longer than the schedule's pace
/// makes the next one late and past due; missed runs are not made up for.</summary>
internal sealed class TimerTriggerListener(
    LoadedFunction function,
    Schedule schedule,
    bool runOnStartup,
    FunctionInvoker invoker,
    TimeProvider time,
    ILogger logger) : ITriggerListener
{
    /// <summary>A run that starts later than this after its time is past due.</summary>
    private static readonly TimeSpan Punctual = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoning = new();
    private Task _running = Task.CompletedTask;

    public void Start() => _running = Task.Run(RunUntilStoppedAsync);

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
        DateTimeOffset? last = null;
        var due = schedule.Next(time.GetUtcNow());
        var showsStatus = !schedule.IsFrequent(time.GetUtcNow());
        if (runOnStartup)
        {
            last = await RunAsync(isPastDue: false, last, due, showsStatus);
        }

        while (!stop.IsCancellationRequested)
        {
            var wait = due - time.GetUtcNow();
            if (wait > TimeSpan.Zero)
            {
                // Task.Delay cannot wait for more than 49 days at once.
                var step = wait < TimeSpan.FromDays(1) ? wait : TimeSpan.FromDays(1);
                await Task.Delay(step, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            var next = schedule.Next(due);
            var now = time.GetUtcNow();
            if (next <= now)
            {
                next = schedule.Next(now);
            }

            last = await RunAsync(now - due > Punctual, last, next, showsStatus);
            due = next;
        }
    }

    private async Task<DateTimeOffset> RunAsync(bool isPastDue, DateTimeOffset? last, DateTimeOffset next, bool showsStatus)
    {
        var started = time.GetUtcNow();
        var timer = new TimerInfo
        {
            IsPastDue = isPastDue,
            ScheduleStatus = showsStatus
                ? new ScheduleStatus
                {
                    Last = last?.UtcDateTime ?? default,
                    LastUpdated = last?.UtcDateTime ?? default,
                    Next = next.UtcDateTime,
                }
                : null,
        };
        try
        {
            await invoker.InvokeAsync(function, new TimerTrigger(function.Trigger.Name, timer), _abandoning.Token);
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "Function '{Function}' failed; it runs again on its schedule.", function.Name);
        }

        return started;
    }

    private sealed class TimerTrigger(string parameter, TimerInfo timer) : FunctionTrigger(parameter, timer)
    {
        protected override IReadOnlyDictionary<string, object?> ReadBindingData() => ImmutableDictionary<string, object?>.Empty;
    }
}
