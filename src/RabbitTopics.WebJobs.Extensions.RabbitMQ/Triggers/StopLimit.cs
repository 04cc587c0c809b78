using Microsoft.Azure.WebJobs.Host;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace RabbitTopics.WebJobs.Triggers;

/// <summary>How long functions may take to end when their listener is stopped: as long as it takes where the host drains, and most of the time that it has itself
/// where it stops, also in the middle of draining.</summary>
internal sealed class StopLimit(IDrainModeManager drain, IOptions<HostOptions> host, IHostApplicationLifetime lifetime)
{
    /// <summary>The most that a plan of Azure gives an instance to drain.</summary>
    private static readonly TimeSpan LongestDrain = TimeSpan.FromHours(1);

    /// <summary>Of the host's own time a fifth is left for what comes after the functions. A host may have no limit.</summary>
    private TimeSpan TimeToStop => host.Value.ShutdownTimeout is { Ticks: >= 0 } time && time < LongestDrain ? 0.8 * time : LongestDrain;

    /// <summary>Stops something, whose token is cancelled when the time is over.</summary>
    public async Task ApplyAsync(Func<CancellationToken, Task> stop, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(drain.IsDrainModeEnabled ? LongestDrain : TimeToStop);
        await using (lifetime.ApplicationStopping.Register(() => limit.CancelAfter(TimeToStop)))
        {
            await stop(limit.Token);
        }
    }
}
