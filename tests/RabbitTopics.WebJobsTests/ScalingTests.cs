using Microsoft.Azure.WebJobs.Host.Scale;
using RabbitTopics.TestSupport;
using RabbitTopics.WebJobs.Scaling;
using RabbitTopics.WebJobsTests.Host;

namespace RabbitTopics.WebJobsTests;

/// <summary>What the host is told of how many instances it should run.</summary>
public sealed class ScalingTests(SharedBroker broker)
{
    [Fact]
    public async Task The_target_is_the_messages_that_wait_by_those_that_are_work_for_one_instance()
    {
        var gate = new TaskCompletionSource();
        await using var host = await RunningHost.StartAsync(broker.Uri, _ => gate.Task, """{"topics":"#none","prefetchCount":1,"messagesPerInstance":10}""");
        await host.ConsumingAsync();
        for (var number = 0; number < 36; number++)
        {
            await host.SendAsync("x");
        }

        await Wait.UntilAsync(async () => await host.CountAsync() == 35, "one to be at work");
        var scaler = Assert.Single(host.Get<ITargetScalerManager>().GetTargetScalers());

        Assert.Equal(4, await TargetAsync(new TargetScalerContext()));
        Assert.Equal(35, await TargetAsync(new TargetScalerContext { InstanceConcurrency = 1 }));
        gate.SetResult();
        await Wait.UntilAsync(async () => await host.CountAsync() == 0, "all to be handled");
        Assert.Equal(0, await TargetAsync(new TargetScalerContext()));

        Task<int> TargetAsync(TargetScalerContext context) => AskAsync(async () => (await scaler.GetScaleResultAsync(context)).TargetWorkerCount);
    }

    [Theory]
    [InlineData(1, new[] { 25, 25, 25, 25, 25 }, ScaleVote.ScaleOut)]
    [InlineData(3, new[] { 25, 25, 25, 25, 25 }, ScaleVote.None)]
    [InlineData(3, new[] { 19, 12, 11, 5, 0 }, ScaleVote.ScaleIn)]
    [InlineData(1, new[] { 0, 0, 0, 0, 0 }, ScaleVote.ScaleIn)]
    [InlineData(2, new[] { 90, 0, 25, 0, 25 }, ScaleVote.None)]
    [InlineData(1, new[] { 900 }, ScaleVote.None)]
    public async Task The_vote_is_what_the_last_samples_agree_on(int instances, int[] messages, ScaleVote vote)
    {
        await using var host = await RunningHost.StartAsync(broker.Uri, _ => Task.CompletedTask, """{"topics":"#none","messagesPerInstance":10}""");
        var monitor = Assert.Single(host.Get<IScaleMonitorManager>().GetMonitors());
        var now = DateTime.UtcNow;

        var status = monitor.GetScaleStatus(new ScaleStatusContext
        {
            WorkerCount = instances,
            Metrics = [.. messages.Select((count, index) => new QueueMetrics { Messages = count, Timestamp = now.AddSeconds(10 * index) })],
        });

        Assert.Equal(vote, status.Vote);
    }

    [Fact]
    public async Task A_sample_is_the_number_of_messages_and_fails_where_the_broker_is_down()
    {
        await using var own = await PrivateBroker.StartNewAsync();
        await using var host = await RunningHost.StartAsync(own.Uri, _ => Task.CompletedTask);
        await host.ConsumingAsync();
        var monitor = (IScaleMonitor<QueueMetrics>)Assert.Single(host.Get<IScaleMonitorManager>().GetMonitors());
        Assert.Equal(0, await AskAsync(async () => (await monitor.GetMetricsAsync()).Messages));

        await own.KillAsync();

        var exception = await Assert.ThrowsAnyAsync<Exception>(monitor.GetMetricsAsync);
        Assert.DoesNotContain(own.Uri.UserInfo, exception.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A broker on a busy machine may not answer in time; a host asks again, too.</summary>
    private static async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        var answer = default(T)!;
        await Wait.UntilAsync(async () =>
        {
            try
            {
                answer = await ask();
                return true;
            }
            catch (TimeoutException)
            {
                return false;
            }
        }, "the broker to answer");
        return answer;
    }
}
