namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>Decides what a timer does next. Follows the timer trigger of the Functions host.</summary>
internal static class TimerPlan
{
    /// <summary>The most occurrences that are counted: a day of seconds.</summary>
    public const int MostCounted = 1000;

    /// <summary>A run that starts later than this after its time is past due.</summary>
    private static readonly TimeSpan Punctual = TimeSpan.FromSeconds(1);

    /// <summary>What a timer of which something may be known does when its instance begins to lead: its status,
    /// <paramref name="known"/> itself where that holds, and whether it runs at once, past due.</summary>
    public static (TimerStatus Status, bool IsPastDue) Begin(TimerStatus? known, Schedule schedule, bool isMonitored, DateTimeOffset now)
    {
        if (known?.Schedule != schedule.Text)
        {
            // Another schedule: its occurrences that have passed were never due.
            var next = schedule.Next(known?.Last ?? known?.LastUpdated ?? now);
            return (new TimerStatus(schedule.Text, null, next > now ? next : schedule.Next(now), now), false);
        }

        if (known.Next <= now && isMonitored)
        {
            return (known, true);
        }

        // The occurrence after the coming one: the last leader's clock was ahead, and it ran the coming one. One that is further away
        // comes from a clock that was wrong.
        return known.Next > now && known.Next <= schedule.Next(schedule.Next(now))
            ? (known, false)
            : (known with { Next = schedule.Next(now), LastUpdated = now }, false);
    }

    /// <summary>A run of an occurrence whose time has come: whether it is past due, the occurrence to come, and how many between the two
    /// are left out, <see cref="MostCounted"/> at the most.</summary>
    public static (bool IsPastDue, DateTimeOffset Next, int Skipped) Run(Schedule schedule, DateTimeOffset due, DateTimeOffset now)
    {
        var next = schedule.Next(due);
        var skipped = 0;
        for (var occurrence = next; occurrence <= now && skipped < MostCounted; occurrence = schedule.Next(occurrence))
        {
            skipped++;
        }

        return (now - due > Punctual, next > now ? next : schedule.Next(now), skipped);
    }

    /// <summary>A count of <see cref="Run"/>, for people.</summary>
    public static string Counted(int skipped) => skipped < MostCounted ? $"{skipped}" : $"{skipped} or more";
}
