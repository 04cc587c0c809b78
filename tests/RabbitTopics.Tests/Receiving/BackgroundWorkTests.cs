using RabbitTopics.Receiving;

namespace RabbitTopics.Tests.Receiving;

public sealed class BackgroundWorkTests
{
    [Fact]
    public async Task Disposing_it_while_a_stop_waits_cancels_the_work()
    {
        var work = new BackgroundWork();
        var isCancelled = false;
        work.Start(async () =>
        {
            await Task.Delay(Timeout.Infinite, work.Abandon).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            isCancelled = true;
        });
        var stopping = work.StopAsync(CancellationToken.None);

        await work.DisposeAsync();

        Assert.True(await stopping);
        Assert.True(isCancelled);
    }

    [Fact]
    public async Task Work_that_does_not_notice_that_it_is_cancelled_is_waited_for_once()
    {
        var release = new TaskCompletionSource();
        var work = new BackgroundWork();
        work.Start(() => release.Task);
        Assert.False(await work.StopAsync(new CancellationToken(canceled: true)));

        var disposing = work.DisposeAsync();

        Assert.True(disposing.IsCompletedSuccessfully);
        release.SetResult();
    }

    [Fact]
    public async Task The_limit_of_a_stop_may_be_over_after_it_was_disposed()
    {
        using var limit = new CancellationTokenSource();
        var release = new TaskCompletionSource();
        var work = new BackgroundWork();
        work.Start(() => release.Task); // Which notices nothing.
        var stopping = work.StopAsync(limit.Token);
        await work.DisposeAsync();

        await limit.CancelAsync(); // Throws what its callbacks throw.

        release.SetResult();
        await stopping;
    }
}
