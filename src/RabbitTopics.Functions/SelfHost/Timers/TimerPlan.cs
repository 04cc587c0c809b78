namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>Decides what a timer does next. Follows the timer trigger of the Functions host.</summary>
internal static class TimerPlan
{
    /// <summary>Those of a day of seconds need not be counted.</summary>
    public const int MostCounted = 1000;

    /// <summary>A run that starts later than this after its time is past due.</summary>
    private static readonly TimeSpan Punctual = TimeSpan.FromSeconds(1);

    /// <summary>What a timer does when its instance begins to lead.</summary>
    /// <param name="known">What is known of it; null for a new one.</param>
    /// <param name="schedule">Its schedule.</param>
    /// <param name="isMonitored">Whether an occurrence that was missed is made up for.</param>
    /// <param name="now">The time.</param>
    /// <returns>Its status, <paramref name="known"/> itself where that holds, and whether it runs at once, past due.</returns>
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

    /// <summary>A run of an occurrence whose time has come.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="due">The occurrence's time.</param>
    /// <param name="now">The time, not before that.</param>
    /// <returns>Whether it is past due, the occurrence to come, and how many between the two are left out, <see cref="MostCounted"/> at
    /// the most.</returns>
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
}
