using RabbitTopics.Functions.SelfHost.Timers;

namespace RabbitTopics.Tests.SelfHost.Timers;

public sealed class ScheduleTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("* * * * * *", "2026-03-01T12:00:01Z")]
    [InlineData("*/5 * * * * *", "2026-03-01T12:00:05Z")]
    [InlineData("0 30 9 * * 1-5", "2026-03-02T09:30:00Z")]
    [InlineData("30 9 * * *", "2026-03-02T09:30:00Z")]
    [InlineData("00:00:30", "2026-03-01T12:00:30Z")]
    [InlineData("1.00:00:00", "2026-03-02T12:00:00Z")]
    [InlineData("0 0 0 29 2 *", "2028-02-29T00:00:00Z")]
    public void The_next_run_is_the_first_match_after_a_time(string schedule, string next) =>
        Assert.Equal(DateTimeOffset.Parse(next, System.Globalization.CultureInfo.InvariantCulture), Parse(schedule).Next(Noon));

    [Theory]
    [InlineData("every second", "neither an NCRONTAB expression")]
    [InlineData("", "neither an NCRONTAB expression")]
    [InlineData("99 * * * * *", "neither an NCRONTAB expression")]
    [InlineData("* * * * * * *", "neither an NCRONTAB expression")]
    [InlineData("0 0 0 31 2 *", "never occurs")]
    [InlineData("00:00:00", "more than zero")]
    [InlineData("-00:00:01", "more than zero")]
    public void An_impossible_schedule_is_refused_with_what_to_write(string schedule, string reason)
    {
        var exception = Assert.Throws<FormatException>(() => Parse(schedule));

        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Contains($"'{schedule}'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*/30 * * * * *", true)]
    [InlineData("0 * * * * *", false)]
    [InlineData("00:00:59", true)]
    [InlineData("00:01:00", false)]
    public void A_schedule_is_frequent_when_runs_are_less_than_a_minute_apart(string schedule, bool frequent) =>
        Assert.Equal(frequent, Parse(schedule).IsFrequent(Noon));

    [Fact]
    public void A_zone_shifts_a_cron_schedule_and_its_summer_time_is_kept()
    {
        var schedule = Schedule.Parse("0 30 9 * * *", TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"), Noon);

        Assert.Equal(DateTimeOffset.Parse("2026-03-02T08:30:00Z", System.Globalization.CultureInfo.InvariantCulture), schedule.Next(Noon));
        Assert.Equal(DateTimeOffset.Parse("2026-07-02T07:30:00Z", System.Globalization.CultureInfo.InvariantCulture),
            schedule.Next(new DateTimeOffset(2026, 7, 1, 12, 0, 0, TimeSpan.Zero)));
    }

    [Fact]
    public void Runs_go_on_over_both_changes_of_the_clock()
    {
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var schedule = Schedule.Parse("0 30 2 * * *", berlin, Noon);
        foreach (var start in new[] { new DateTimeOffset(2026, 3, 28, 12, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 10, 24, 12, 0, 0, TimeSpan.Zero) })
        {
            var time = start;
            for (var run = 0; run < 4; run++)
            {
                var next = schedule.Next(time);
                Assert.InRange(next - time, TimeSpan.FromHours(1), TimeSpan.FromHours(26));
                time = next;
            }
        }
    }

    private static Schedule Parse(string text) => Schedule.Parse(text, TimeZoneInfo.Utc, Noon);
}
