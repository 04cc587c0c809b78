using static RabbitTopics.Startup.OptionsValidation;

namespace RabbitTopics.Functions;

/// <summary>Where an app's timer functions run when it has several instances. See docs/timers.md.</summary>
public sealed class TimerOptions
{
    /// <summary>Whether each occurrence of a timer runs in one of the app's instances: the one that leads, on a queue of the broker.
    /// False: each instance runs all of them, and no state outlives it. Default: true.</summary>
    public bool RunInOneInstance { get; set; } = true;

    /// <summary>The app's name, which its instances share and no other app on the virtual host has; the queue is <c>NAME.timers</c>. The
    /// setting <c>RABBITTOPICS_APP_NAME</c> wins over it. Default: the name of the program's assembly.</summary>
    public string? AppName { get; set; }

    /// <summary>The name of the setting that holds the URI of the broker with the queue. Default:
    /// <see cref="RabbitTopicsOptions.ConnectionStringSetting"/>.</summary>
    public string? ConnectionStringSetting { get; set; }

    /// <summary>What is wrong with the values: which one, and what to do.</summary>
    internal IEnumerable<string> Problems() =>
        new[] { AppName is null ? null : Text(AppName), ConnectionStringSetting is null ? null : Text(ConnectionStringSetting) }.OfType<string>();
}
