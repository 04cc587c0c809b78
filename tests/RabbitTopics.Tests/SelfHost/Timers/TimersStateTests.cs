using System.Text;
using RabbitTopics.Functions.SelfHost.Timers;

namespace RabbitTopics.Tests.SelfHost.Timers;

public sealed class TimersStateTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_was_written_comes_back_with_timers_that_this_instance_does_not_have()
    {
        var state = new TimersState();
        state.Own.Add("Tick");
        state.Set("Tick", Status(Noon.AddTicks(1234567)), isMonitored: true);
        state.Merge(new Dictionary<string, TimerStatus> { ["Old"] = Status(Noon) with { Last = null } });

        var body = TimersBody.Read(state.Write())!;

        Assert.Equal(["Tick"], body.Own);
        Assert.Equal(Status(Noon.AddTicks(1234567)), body.Timers["Tick"]);
        Assert.Equal(Status(Noon) with { Last = null }, body.Timers["Old"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"timers":{}}""")]
    [InlineData("""{"timers":null,"own":[]}""")]
    [InlineData("""{"timers":{"Tick":null},"own":[]}""")]
    [InlineData("""{"timers":{"Tick":{"next":"yesterday"}},"own":[]}""")]
    [InlineData("\u0000\u0001")]
    public void What_is_no_state_is_told(string body) => Assert.Null(TimersBody.Read(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Of_two_states_of_a_timer_the_later_one_counts()
    {
        var state = new TimersState();
        state.Set("Tick", Status(Noon), isMonitored: true);

        Assert.False(state.Merge(Of("tick", Status(Noon.AddHours(-1)))));
        Assert.False(state.Merge(Of("Tick", Status(Noon))));
        Assert.True(state.Merge(Of("TICK", Status(Noon.AddHours(1)))));
        Assert.Equal(Status(Noon.AddHours(1)), state.Find("Tick"));
    }

    [Fact]
    public void What_is_written_later_counts_whatever_the_clocks_say()
    {
        var state = new TimersState();
        state.Merge(Of("Tick", Status(Noon.AddHours(1)))); // Of a leader whose clock was ahead.

        state.Set("Tick", Status(Noon), isMonitored: true);

        Assert.Equal(Noon.AddHours(1).AddTicks(1), state.Find("Tick")!.LastUpdated);
        Assert.Equal(Noon, state.Find("Tick")!.Last);
        Assert.False(state.Merge(Of("Tick", Status(Noon.AddHours(1)))));
    }

    [Fact]
    public void Only_what_others_should_know_at_once_is_told()
    {
        var state = new TimersState();
        var told = 0;
        state.Changed += () => told++;

        state.Set("Frequent", Status(Noon), isMonitored: false);
        Assert.Equal(0, told);
        state.Set("Hourly", Status(Noon), isMonitored: true);
        Assert.Equal(1, told);
    }

    private static TimerStatus Status(DateTimeOffset time) => new("0 0 * * * *", time, time.AddHours(1), time);

    private static Dictionary<string, TimerStatus> Of(string timer, TimerStatus status) => new() { [timer] = status };
}
