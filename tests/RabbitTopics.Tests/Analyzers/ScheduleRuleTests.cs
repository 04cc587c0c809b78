using CsCheck;
using NCrontab;

namespace RabbitTopics.Tests.Analyzers;

/// <summary>The schedules of timer triggers. The hosts read them with NCrontab, and the analyzer without it.</summary>
public sealed class ScheduleRuleTests
{
    [Theory]
    [InlineData("* * * * * *")]
    [InlineData("*/5 * * * *")]
    [InlineData("0 0 9-17 * Jan,DECEMBER Mon-fri")]
    [InlineData("  0  0  0  29  2  *  ")]
    [InlineData("0 30 9 1,15 */2 0")]
    [InlineData("00:00:05")]
    [InlineData("1.00:00:00")]
    [InlineData("5")]
    [InlineData("%SCHEDULE%")]
    [InlineData("0 */%MINUTES% * * * *")]
    public async Task A_valid_schedule_is_left_alone(string schedule) => Assert.Empty(await FindingsAsync([schedule]));

    [Theory]
    [InlineData("", "neither an NCRONTAB expression")]
    [InlineData("* * * *", "(second minute hour day month day-of-week")]
    [InlineData("* * * * * * *", "nor a TimeSpan")]
    [InlineData("@daily", "for example '*/5 * * * * *'")]
    [InlineData("00:00:00", "more than zero")]
    [InlineData("-00:00:05", "more than zero")]
    [InlineData("60 * * * * *", "'60' is no second. Write 0 to 59")]
    [InlineData("60 * * * *", "'60' is no minute")]
    [InlineData("0 0 24 * * *", "'24' is no hour. Write 0 to 23")]
    [InlineData("0 0 0 0 * *", "'0' is no day. Write 1 to 31")]
    [InlineData("0 0 0 * 13 *", "'13' is no month. Write 1 to 12 or a name such as 'Jan'")]
    [InlineData("0 0 0 * * 7", "'7' is no day of the week. Write 0 to 6 or a name such as 'Sun'")]
    [InlineData("0 0 0 * * Mo-Fx", "'Mo-Fx' is no day of the week")]
    [InlineData("0 0 0 ? * *", "'?' is no day")]
    [InlineData("1,,2 * * * * *", "'1,,2' is no second")]
    [InlineData("*/x * * * * *", "or a step '*/n'")]
    [InlineData("0 0 0 30 2 *", "never occurs")]
    [InlineData("0 0 31 2,4 *", "never occurs")]
    [InlineData("%", "neither")]
    public async Task An_invalid_schedule_is_an_error(string schedule, string message)
    {
        var finding = Assert.Single(await FindingsAsync([schedule]));

        Assert.Equal("RTF014", finding.Id);
        Assert.StartsWith($"Function 'F0': the schedule '{schedule}' is invalid: ", finding.Message, StringComparison.Ordinal);
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schedules_are_invalid_where_the_hosts_find_them_so()
    {
        var atom = Gen.OneOf(Gen.Int[0, 61].Select(number => $"{number}"), Gen.OneOf("*", "Jan", "ma", "SUN", "fri", "X", "-", "", "+1", "07", "?"));
        var range = Gen.Select(atom, atom, (from, to) => $"{from}-{to}");
        var item = Gen.OneOf(atom, range);
        var stepped = Gen.Select(item, Gen.OneOf("2", "0", "-1", "+3", "x", "", "99999999999"), (values, step) => $"{values}/{step}");
        var field = Gen.Frequency(
            (6, Gen.Const("*")), (2, item), (1, stepped), (1, Gen.OneOf(item, stepped).Array[2, 3].Select(items => string.Join(',', items))));
        var schedules = field.Array[4, 7].Select(fields => string.Join(' ', fields)).Array[1, 200];

        await schedules.SampleAsync(async cases =>
        {
            var invalid = (await FindingsAsync(cases)).Select(finding => finding.Message.Split('\'')[1]).ToHashSet();
            Assert.All(cases.Index(), schedule => Assert.True(invalid.Contains($"F{schedule.Index}") != IsTaken(schedule.Item), schedule.Item));
        }, iter: 20, threads: 1);
    }

    private static bool IsTaken(string schedule)
    {
        try
        {
            var includingSeconds = schedule.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length != 5;
            var expression = CrontabSchedule.Parse(schedule, new CrontabSchedule.ParseOptions { IncludingSeconds = includingSeconds });
            var start = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);
            return expression.GetNextOccurrence(start, start.AddYears(29)) < start.AddYears(29);
        }
        catch (Exception exception) when (exception is CrontabException or OverflowException)
        {
            return false;
        }
    }

    private static Task<IReadOnlyList<Finding>> FindingsAsync(string[] schedules)
    {
        var functions = schedules.Select((schedule, index) =>
            $$"""[Function("F{{index}}")] public static void Run{{index}}([TimerTrigger("{{schedule}}")] TimerInfo timer) { }""");
        return Analyzed.FindingsAsync($"public static class C {{ {string.Join('\n', functions)} }}");
    }
}
