using RabbitTopics.Functions.SelfHost.Timers;

namespace RabbitTopics.Tests.SelfHost.Timers;

public sealed class TimerPlanTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Schedule Hourly = Parse("0 0 * * * *");

    [Fact]
    public void A_new_timer_waits_for_its_next_occurrence()
    {
        var (status, isPastDue) = TimerPlan.Begin(null, Hourly, isMonitored: true, Noon);

        Assert.Equal(new TimerStatus("0 0 * * * *", null, Noon.AddHours(1), Noon), status);
        Assert.False(isPastDue);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, true)]
    [InlineData(-60 * 24 * 40, true)]
    [InlineData(30, false)]
    public void An_occurrence_that_was_missed_runs_at_once(int minutes, bool missed)
    {
        var known = new TimerStatus(Hourly.Text, Noon.AddDays(-50), Noon.AddMinutes(minutes), Noon.AddDays(-50));

        var (status, isPastDue) = TimerPlan.Begin(known, Hourly, isMonitored: true, Noon);

        Assert.Same(known, status);
        Assert.Equal(missed, isPastDue);
    }

    [Fact]
    public void A_timer_that_is_not_monitored_does_not_make_up_for_what_was_missed()
    {
        var known = new TimerStatus(Hourly.Text, Noon.AddHours(-2), Noon.AddHours(-1), Noon.AddHours(-2));

        var (status, isPastDue) = TimerPlan.Begin(known, Hourly, isMonitored: false, Noon);

        Assert.False(isPastDue);
        Assert.Equal(Noon.AddHours(1), status.Next);
        Assert.Equal(Noon.AddHours(-2), status.Last);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_occurrence_that_a_leader_with_a_faster_clock_has_run_does_not_run_again(bool isMonitored)
    {
        var justBefore = Noon.AddMilliseconds(-200);
        var known = new TimerStatus(Hourly.Text, Noon, Noon.AddHours(1), Noon);

        var (status, isPastDue) = TimerPlan.Begin(known, Hourly, isMonitored, justBefore);

        Assert.False(isPastDue);
        Assert.Equal(Noon.AddHours(1), status.Next);
    }

    [Fact]
    public void A_next_occurrence_from_a_clock_that_was_wrong_does_not_count()
    {
        var known = new TimerStatus(Hourly.Text, Noon.AddYears(1), Noon.AddYears(1).AddHours(1), Noon.AddYears(1));

        Assert.Equal(Noon.AddHours(1), TimerPlan.Begin(known, Hourly, isMonitored: true, Noon).Status.Next);
    }

    [Fact]
    public void After_a_change_of_the_schedule_nothing_is_past_due_and_the_last_run_is_forgotten()
    {
        var known = new TimerStatus("0 30 * * * *", Noon.AddHours(-2), Noon.AddHours(-1), Noon.AddHours(-2));

        var (status, isPastDue) = TimerPlan.Begin(known, Hourly, isMonitored: true, Noon);

        Assert.False(isPastDue);
        Assert.Null(status.Last);
        Assert.Equal(Noon.AddHours(1), status.Next);
    }

    [Fact]
    public void A_new_interval_counts_from_the_last_run()
    {
        var known = new TimerStatus("02:00:00", Noon.AddMinutes(-10), Noon.AddMinutes(110), Noon.AddMinutes(-10));

        Assert.Equal(Noon.AddMinutes(20), TimerPlan.Begin(known, Parse("00:30:00"), isMonitored: true, Noon).Status.Next);
    }

    [Fact]
    public void The_same_expression_in_another_zone_is_another_schedule() =>
        Assert.NotEqual(Hourly.Text, Schedule.Parse("0 0 * * * *", TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"), Noon).Text);

    [Theory]
    [InlineData("0 0 * * * *", 0, false, 60, 0)]
    [InlineData("0 0 * * * *", 1, true, 60, 0)]
    [InlineData("0 0 * * * *", 60, true, 120, 1)]
    [InlineData("0 0 * * * *", 185, true, 240, 3)]
    [InlineData("01:00:00", 185, true, 245, 3)]
    [InlineData("* * * * * *", 100, true, 100, TimerPlan.MostCounted)]
    public void A_late_run_is_past_due_and_leaves_out_what_it_covers(string schedule, int minutesLate, bool isPastDue, int nextInMinutes, int skipped)
    {
        var run = TimerPlan.Run(Parse(schedule), Noon, Noon.AddMinutes(minutesLate));

        Assert.Equal(isPastDue, run.IsPastDue);
        Assert.Equal(Noon.AddMinutes(nextInMinutes), run.Next, TimeSpan.FromSeconds(1));
        Assert.Equal(skipped, run.Skipped);
    }

    private static Schedule Parse(string text) => Schedule.Parse(text, TimeZoneInfo.Utc, Noon);
}
