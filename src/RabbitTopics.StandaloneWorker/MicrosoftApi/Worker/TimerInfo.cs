namespace Microsoft.Azure.Functions.Worker;

/// <summary>What a timer function is told of its run.</summary>
public class TimerInfo
{
    /// <summary>When the function ran and will run; null for a schedule that goes round in less than a minute.</summary>
    public ScheduleStatus? ScheduleStatus { get; set; }

    /// <summary>Whether the run is later than its time.</summary>
    public bool IsPastDue { get; set; }
}
