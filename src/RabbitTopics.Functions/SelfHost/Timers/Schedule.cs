using System.Globalization;
using NCrontab;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>When a timer function runs: an NCRONTAB expression of six fields (seconds first) or five, or a TimeSpan between
/// two runs.</summary>
/// <param name="Text">What it was read from, with the zone where that is not UTC: the same text stands for the same occurrences.</param>
/// <param name="Next">Gives the first time of the schedule after another.</param>
internal sealed record Schedule(string Text, Func<DateTimeOffset, DateTimeOffset> Next)
{
    /// <summary>The longest wait that a schedule may ask for; an expression that has no match in it never has one.</summary>
    private static readonly TimeSpan Horizon = TimeSpan.FromDays(366 * 8); // 29 February can be eight years away.

    /// <summary>Whether the runs are less than a minute apart.</summary>
    public bool IsFrequent(DateTimeOffset now) => Next(Next(now)) - Next(now) < TimeSpan.FromMinutes(1);

    /// <summary>Reads a schedule.</summary>
    /// <exception cref="FormatException">It is not a valid schedule, or has no run; the message says what to write.</exception>
    public static Schedule Parse(string text, TimeZoneInfo zone, DateTimeOffset now)
    {
        if (!text.Contains(' ', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var interval))
        {
            return interval > TimeSpan.Zero
                ? new Schedule(text, after => after + interval)
                : throw new FormatException($"the schedule '{text}' is not a time between runs. Write one that is more than zero, for example '00:00:30'.");
        }

        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        var expression = CrontabSchedule.TryParse(text, new CrontabSchedule.ParseOptions { IncludingSeconds = fields != 5 })
            ?? throw new FormatException($"the schedule '{text}' is neither an NCRONTAB expression (second minute hour day month day-of-week, "
                + "for example '*/5 * * * * *') nor a TimeSpan (for example '00:00:05').");
        var limit = now.UtcDateTime + Horizon;
        return expression.GetNextOccurrence(now.UtcDateTime, limit) < limit
            ? new Schedule(zone.Equals(TimeZoneInfo.Utc) ? text : $"{text} {zone.Id}", after => NextOf(expression, zone, after))
            : throw new FormatException($"the schedule '{text}' never occurs: check its day and month.");
    }

    private static DateTimeOffset NextOf(CrontabSchedule expression, TimeZoneInfo zone, DateTimeOffset after)
    {
        var local = expression.GetNextOccurrence(TimeZoneInfo.ConvertTime(after, zone).DateTime);
        while (zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(1); // The clock was put forward over this time: run when it exists again.
        }

        var next = new DateTimeOffset(local, zone.GetUtcOffset(local));
        // When the clock is put back an hour is there twice; only the second pass over it counts, as for Microsoft's listener.
        return next > after ? next : new DateTimeOffset(local, zone.BaseUtcOffset) is var second && second > after ? second : NextOf(expression, zone, after.AddHours(1));
    }
}
