namespace Microsoft.Azure.Functions.Worker;

/// <summary>When a timer function ran and will run. A time that never was is <c>default</c>.</summary>
public class ScheduleStatus
{
    /// <summary>The last run.</summary>
    public DateTime Last { get; set; }

    /// <summary>The next run.</summary>
    public DateTime Next { get; set; }

    /// <summary>When this was last noted.</summary>
    public DateTime LastUpdated { get; set; }
}
