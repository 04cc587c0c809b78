using System.Collections.Concurrent;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Timers;

/// <summary>What an instance that takes over knows of the timers' runs.</summary>
public sealed class TimerStateTests(SharedBroker broker) : IAsyncLifetime
{
    private const string EveryThreeSeconds = "*/3 * * * * *";

    private readonly string _app = $"test-{Guid.NewGuid():N}";
    private readonly ConcurrentQueue<TimerRun> _runs = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await using var connection = await Client.ConnectAsync(broker.Uri);
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeleteAsync($"{_app}.timers");
    }

    [Fact]
    public async Task An_occurrence_that_nobody_ran_is_made_up_for_past_due_and_the_status_goes_on()
    {
        await using (var first = Instance().Start(EveryThreeSeconds, isMonitored: true))
        {
            await WaitForRunsAsync(2);
            await first.StopAsync();
        }

        var (before, last) = (_runs.Count, _runs.Last());
        Assert.All(_runs, run => Assert.NotNull(run.Timer.ScheduleStatus));
        Assert.Equal(default, _runs.First().Timer.ScheduleStatus!.Last);
        var missed = last.Timer.ScheduleStatus!.Next.AddSeconds(3);
        await Wait.UntilAsync(() => DateTime.UtcNow > missed.AddSeconds(1), "an occurrence to be missed");

        await using var second = Instance().Start(EveryThreeSeconds, isMonitored: true);
        await WaitForRunsAsync(before + 2);

        var (late, next) = (_runs.ElementAt(before).Timer, _runs.ElementAt(before + 1).Timer);
        Assert.True(late.IsPastDue);
        Assert.Equal(missed, late.ScheduleStatus!.Next);
        Assert.InRange(late.ScheduleStatus.Last, missed.AddSeconds(-3), missed); // When the last run began.
        Assert.True(next.ScheduleStatus!.Next > missed);
        Assert.Equal(0, next.ScheduleStatus.Next.Second % 3);
    }

    [Fact]
    public async Task An_occurrence_that_the_leader_before_ran_is_not_run_again()
    {
        await using var network = new TcpProxy(broker.Uri);
        await using var first = Instance(network.Uri).Start("00:00:30", isMonitored: true);
        await first.WaitUntilLeadingAsync();
        await using var second = Instance().Start("00:00:30", isMonitored: true);
        await Client.WaitForConsumersAsync(broker.Uri, $"{_app}.timers", 2);
        await WaitForRunsAsync(1);
        var ran = _runs.Single();
        await Wait.UntilAsync(() => DateTimeOffset.UtcNow - ran.At > TimeSpan.FromSeconds(5), "the run to be noted, ten times over");

        network.Reset();
        await second.WaitUntilLeadingAsync();
        await WaitForRunsAsync(2);

        var next = _runs.Last();
        Assert.Equal(second.Name, next.Instance);
        Assert.False(next.Timer.IsPastDue && next.At - ran.At < TimeSpan.FromSeconds(30));
        Assert.True(next.Timer.ScheduleStatus!.Next >= ran.At.UtcDateTime.AddSeconds(29));
        Assert.Equal(ran.At.UtcDateTime, next.Timer.ScheduleStatus.Last, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_frequent_timer_has_no_status_and_misses_nothing_that_it_would_make_up_for()
    {
        await using (var first = Instance().Start(EveryThreeSeconds))
        {
            await WaitForRunsAsync(1);
            await first.StopAsync();
        }

        var last = _runs.Last().At;
        await Wait.UntilAsync(() => DateTimeOffset.UtcNow > last.AddSeconds(5), "an occurrence to be missed");
        await using var second = Instance().Start(EveryThreeSeconds);
        await WaitForRunsAsync(2);

        Assert.All(_runs, run => Assert.Null(run.Timer.ScheduleStatus));
        Assert.False(_runs.Last().Timer.IsPastDue && _runs.Last().At - last < TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task RunOnStartup_runs_once_in_the_instance_that_leads()
    {
        await using var first = Instance().Start("0 0 0 1 1 *", isMonitored: true, runOnStartup: true);
        await WaitForRunsAsync(1);
        await using var second = Instance().Start("0 0 0 1 1 *", isMonitored: true, runOnStartup: true);
        await Client.WaitForConsumersAsync(broker.Uri, $"{_app}.timers", 2);
        Assert.Single(_runs);

        await first.StopAsync();

        await WaitForRunsAsync(2);
        Assert.Equal([first.Name, second.Name], _runs.Select(run => run.Instance));
        Assert.All(_runs, run => Assert.False(run.Timer.IsPastDue));
    }

    private TimerInstance Instance(Uri? uri = null) => new(uri ?? broker.Uri, _app, _runs);

    private Task WaitForRunsAsync(int count) => Wait.UntilAsync(() => _runs.Count >= count, $"{count} runs");
}
