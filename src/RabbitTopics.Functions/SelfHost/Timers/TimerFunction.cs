using Microsoft.Azure.Functions.Worker;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>A function with a timer trigger.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Schedule">When it runs.</param>
/// <param name="RunOnStartup">Whether it also runs when its instance leads for the first time.</param>
/// <param name="IsMonitored">Whether its status is kept, so that an occurrence that was missed is made up for: where the attribute says so
/// and its occurrences are a minute apart or more.</param>
/// <param name="Run">Runs it.</param>
internal sealed record TimerFunction(
    string Name, Schedule Schedule, bool RunOnStartup, bool IsMonitored, Func<TimerInfo, CancellationToken, Task> Run);
