using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using RabbitTopics.Functions.SelfHost.Timers;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Tests.SelfHost.Timers;

public sealed class TimerListenerTests
{
    private readonly TimersState _state = new();
    private readonly ConcurrentQueue<TimerInfo> _runs = new();
    private readonly Logger _logger = new();

    [Fact]
    public async Task A_run_is_told_of_its_occurrence_and_the_status_is_kept_after_it()
    {
        TimerStatus? during = null;
        await using var listener = Listener(new TimerFunction("Tick", Every("00:00:01"), RunOnStartup: false, IsMonitored: true, (timer, _) =>
        {
            during ??= _state.Find("Tick");
            _runs.Enqueue(timer);
            return Task.CompletedTask;
        }));
        listener.Start();
        await WaitForRunsAsync(2);
        await listener.StopAsync(CancellationToken.None);

        var (first, second) = (_runs.First(), _runs.ElementAt(1));
        Assert.Equal(default, first.ScheduleStatus!.Last);
        Assert.Equal(during!.Next.UtcDateTime, first.ScheduleStatus.Next); // The occurrence that runs, as on the Functions host.
        Assert.True(second.ScheduleStatus!.Last >= first.ScheduleStatus.Next);
        Assert.True(second.ScheduleStatus.Next > first.ScheduleStatus.Next);
        Assert.True(_state.Find("Tick")!.Last >= second.ScheduleStatus.Next);
    }

    [Fact]
    public async Task A_function_never_runs_twice_at_once_and_what_a_long_run_covers_is_said_once()
    {
        var running = 0;
        var mostRunning = 0;
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var listener = Listener(new TimerFunction("Tick", Every("00:00:00.050"), RunOnStartup: false, IsMonitored: false, async (timer, _) =>
        {
            mostRunning = Math.Max(mostRunning, Interlocked.Increment(ref running));
            _runs.Enqueue(timer);
            await release.Task;
            Interlocked.Decrement(ref running);
        }));
        listener.Start();
        await WaitForRunsAsync(1);
        var began = DateTimeOffset.UtcNow;
        await Wait.UntilAsync(() => DateTimeOffset.UtcNow - began > TimeSpan.FromSeconds(1.5), "occurrences to pass");
        release.SetResult();
        await WaitForRunsAsync(2);
        await listener.StopAsync(CancellationToken.None);

        Assert.Equal(1, mostRunning);
        Assert.True(_runs.ElementAt(1).IsPastDue);
        Assert.Null(_runs.First().ScheduleStatus);
        Assert.NotEmpty(_logger.Lines);
        Assert.All(_logger.Lines.Take(1), line => Assert.Matches("Function 'Tick' is late.*skipped [0-9]+ occurrences", line));
    }

    [Fact]
    public async Task A_function_that_fails_runs_again_and_its_run_counts()
    {
        await using var listener = Listener(new TimerFunction("Tick", Every("00:00:00.100"), RunOnStartup: false, IsMonitored: true, (timer, _) =>
        {
            _runs.Enqueue(timer);
            throw new InvalidOperationException("on purpose");
        }));
        listener.Start();
        await WaitForRunsAsync(2);

        Assert.NotEqual(default, _runs.ElementAt(1).ScheduleStatus!.Last);
        Assert.Contains(_logger.Lines, line => line.Contains("Function 'Tick' failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_occurrence_begins_once_the_broker_does_not_say_that_the_term_holds()
    {
        var terms = 0;
        await using var listener = Listener(Counting(Every("00:00:00.100")), async token =>
        {
            if (Interlocked.Increment(ref terms) > 1)
            {
                await Task.Delay(Timeout.Infinite, token);
            }

            return new TimerTerm(() => Task.FromResult(_runs.Count < 3), CancellationToken.None);
        });
        listener.Start();

        await Wait.UntilAsync(() => terms == 2, "the listener to wait for its next term");
        Assert.Equal(3, _runs.Count);
    }

    [Fact]
    public async Task A_term_that_ends_lets_the_listener_wait_for_the_next_at_once()
    {
        using var first = new CancellationTokenSource();
        var terms = 0;
        await using var listener = Listener(Counting(Every("01:00:00")), async token =>
        {
            if (Interlocked.Increment(ref terms) > 1)
            {
                await Task.Delay(Timeout.Infinite, token);
            }

            return new TimerTerm(() => Task.FromResult(true), first.Token);
        });
        listener.Start();
        await Wait.UntilAsync(() => terms == 1, "the first term");

        await first.CancelAsync();

        await Wait.UntilAsync(() => terms == 2, "the listener to wait for its next term");
        await listener.StopAsync(CancellationToken.None);
        Assert.Empty(_runs);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Occurrences_that_pass_while_a_run_outlasts_the_lead_are_said_once_unless_the_next_leader_makes_up_for_them(bool isMonitored)
    {
        using var first = new CancellationTokenSource();
        var terms = 0;
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var listener = Listener(new TimerFunction("Tick", Every("00:00:00.050"), RunOnStartup: false, isMonitored, async (timer, _) =>
        {
            _runs.Enqueue(timer);
            await release.Task; // As a publish does while the broker is away.
        }), async token =>
        {
            if (Interlocked.Increment(ref terms) > 1)
            {
                await Task.Delay(Timeout.Infinite, token);
            }

            return new TimerTerm(() => Task.FromResult(true), first.Token);
        });
        listener.Start();
        await WaitForRunsAsync(1);
        await first.CancelAsync();
        var ended = DateTimeOffset.UtcNow;
        await Wait.UntilAsync(() => DateTimeOffset.UtcNow - ended > TimeSpan.FromSeconds(0.5), "occurrences to pass");
        release.SetResult();
        await Wait.UntilAsync(() => terms == 2, "the listener to wait for its next term");
        await listener.StopAsync(CancellationToken.None);

        Assert.Single(_runs);
        var lines = _logger.Lines.Where(line => !line.Contains("is late", StringComparison.Ordinal)); // On a busy machine, the first run can be.
        if (isMonitored)
        {
            Assert.Empty(lines);
        }
        else
        {
            Assert.Matches("^Function 'Tick' does not run here at .*, nor at [0-9]+ occurrences after that: this instance does not lead any more.$", Assert.Single(lines));
        }
    }

    [Fact]
    public async Task RunOnStartup_runs_in_the_first_term_of_the_process_only()
    {
        var terms = 0;
        var ended = new CancellationTokenSource();
        await using var listener = Listener(Counting(Every("01:00:00"), runOnStartup: true), _ =>
        {
            var term = new TimerTerm(() => Task.FromResult(true), ended.Token);
            terms++;
            return Task.FromResult(term);
        });
        listener.Start();
        await WaitForRunsAsync(1);
        var old = Interlocked.Exchange(ref ended, new CancellationTokenSource());
        await old.CancelAsync();
        await Wait.UntilAsync(() => Volatile.Read(ref terms) >= 2, "the second term");
        await listener.StopAsync(CancellationToken.None);

        Assert.Single(_runs);
        Assert.False(_runs.Single().IsPastDue);
        old.Dispose();
        ended.Dispose();
    }

    [Fact]
    public async Task A_missed_occurrence_takes_the_place_of_RunOnStartup()
    {
        var schedule = Every("01:00:00");
        var past = DateTimeOffset.UtcNow.AddHours(-2);
        _state.Set("Tick", new TimerStatus(schedule.Text, past.AddHours(-1), past, past), isMonitored: true);
        await using var listener = Listener(new TimerFunction("Tick", schedule, RunOnStartup: true, IsMonitored: true, (timer, _) =>
        {
            _runs.Enqueue(timer);
            return Task.CompletedTask;
        }));
        listener.Start();
        await Wait.UntilAsync(() => _state.Find("Tick")!.Next > DateTimeOffset.UtcNow, "the missed run to be noted");
        await listener.StopAsync(CancellationToken.None);

        Assert.True(Assert.Single(_runs).IsPastDue);
        Assert.Equal(past.UtcDateTime, _runs.Single().ScheduleStatus!.Next);
    }

    [Fact]
    public async Task A_stop_waits_for_the_run_and_cancels_it_when_its_time_is_over()
    {
        var cancelled = false;
        await using var listener = Listener(new TimerFunction("Tick", Every("00:00:00.100"), RunOnStartup: false, IsMonitored: false, async (timer, token) =>
        {
            _runs.Enqueue(timer);
            await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancelled = token.IsCancellationRequested;
        }));
        listener.Start();
        await WaitForRunsAsync(1);
        using var grace = new CancellationTokenSource();

        var stopping = listener.StopAsync(grace.Token);
        Assert.False(stopping.IsCompleted);
        await grace.CancelAsync();
        await stopping;

        Assert.True(cancelled);
        Assert.Single(_runs);
    }

    private static Schedule Every(string interval) => Schedule.Parse(interval, TimeZoneInfo.Utc, DateTimeOffset.UtcNow);

    private TimerFunction Counting(Schedule schedule, bool runOnStartup = false) => new("Tick", schedule, runOnStartup, IsMonitored: false, (timer, _) =>
    {
        _runs.Enqueue(timer);
        return Task.CompletedTask;
    });

    private TimerListener Listener(TimerFunction function, Func<CancellationToken, Task<TimerTerm>>? termAsync = null) =>
        new(function, _state, termAsync ?? (_ => Task.FromResult(TimerTerm.Always)), TimeProvider.System, _logger);

    private Task WaitForRunsAsync(int count) => Wait.UntilAsync(() => _runs.Count >= count, $"{count} runs");

    private sealed class Logger : ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception));
    }
}
