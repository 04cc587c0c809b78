using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs the function on a schedule.</summary>
/// <param name="schedule">An NCRONTAB expression, seconds first (<c>*/5 * * * * *</c>), or the time between two runs
/// (<c>00:00:05</c>); <c>%NAME%</c> in it stands for a setting.</param>
public sealed class TimerTriggerAttribute(string schedule) : TriggerBindingAttribute
{
    /// <summary>The schedule.</summary>
    public string Schedule { get; } = schedule;

    /// <summary>Whether runs are noted, so that one missed while the app was down is made up for. True by default, and without effect
    /// for schedules under a minute.</summary>
    public bool UseMonitor { get; set; } = true;

    /// <summary>Whether the function also runs when the app starts, in the instance that leads. False by default.</summary>
    public bool RunOnStartup { get; set; }
}
