using System.Diagnostics;
using System.Globalization;

namespace RabbitTopics.TestSupport;

/// <summary>Waits for conditions. Every time limit is for an idle machine, and is stretched while the machine is busy; a test that passes
/// does not wait for it.</summary>
public static class Wait
{
    private const int MaximumStretch = 10;

    /// <summary>Ample for this machine, as busy as it is now.</summary>
    public static TimeSpan Patience => Stretch(TimeSpan.FromSeconds(60));

    /// <summary>A time limit for this machine, as busy as it is now: the given one times the load average of the last minute per core, at
    /// least once and at most ten times. infra/broker/patience.sh does the same.</summary>
    public static TimeSpan Stretch(TimeSpan idle) => idle * Math.Clamp(LoadAverage() / Environment.ProcessorCount, 1, MaximumStretch);

    /// <param name="condition">Is asked again and again until it is true.</param>
    /// <param name="what">Names the condition in the exception.</param>
    /// <param name="within">The limit on an idle machine; a minute where it is left out.</param>
    /// <exception cref="TimeoutException">The condition did not come true in time; the message names it.</exception>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan? within = null)
    {
        var limit = within ?? TimeSpan.FromSeconds(60);
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            // Asked anew each time, because the machine may become busy during the wait.
            if (clock.Elapsed > limit && clock.Elapsed > Stretch(limit))
            {
                throw new TimeoutException($"Waited {clock.Elapsed.TotalSeconds:0} s in vain for {what}.");
            }

            await Task.Delay(50);
        }
    }

    public static Task UntilAsync(Func<bool> condition, string what, TimeSpan? within = null) =>
        UntilAsync(() => Task.FromResult(condition()), what, within);

    private static double LoadAverage()
    {
        const string file = "/proc/loadavg";
        return File.Exists(file) ? double.Parse(File.ReadAllText(file).Split(' ')[0], CultureInfo.InvariantCulture) : 0;
    }
}
