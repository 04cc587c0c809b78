using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitTopics.Brokers;

namespace RabbitTopics.Health;

/// <summary>The health of an app on its brokers: unhealthy while a queue is not consumed or a broker is not to be reached, degraded
/// while one takes no messages or a handler runs long. Registered as <c>rabbittopics</c>.</summary>
internal sealed class BrokerHealthCheck(QueueHealth queues, AppBrokers brokers) : IHealthCheck
{
    public const string Name = "rabbittopics";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var broken = queues.Problems.Select(problem => $"queue '{problem.Queue}' of '{problem.Handler}' is not consumed: {problem.Reason}")
            .Concat(brokers.InUse.Where(broker => broker.IsDown).Select(broker => $"no connection to the broker at {broker.Endpoint}"))
            .ToArray();
        if (broken.Length > 0)
        {
            return Task.FromResult(new HealthCheckResult(context.Registration.FailureStatus, string.Join("; ", broken)));
        }

        var degraded = brokers.InUse.Where(broker => broker.PublishingBlockedReason is not null)
            .Select(broker => $"the broker at {broker.Endpoint} takes no messages: {broker.PublishingBlockedReason}")
            .Concat(queues.Warnings).ToArray();
        return Task.FromResult(degraded.Length > 0 ? HealthCheckResult.Degraded(string.Join("; ", degraded)) : HealthCheckResult.Healthy());
    }
}
