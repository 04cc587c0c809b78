using System.Diagnostics;
using RabbitTopics.Testing;
using RabbitTopics.WorkerTests.Protocol;

namespace RabbitTopics.WorkerTests;

/// <summary>How invocations and workers are stopped.</summary>
public sealed class StoppingTests(SharedBroker broker)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_cancelled_invocation_ends_unsettled_and_its_message_stays_the_hosts_uncounted()
    {
        await using var run = await AppRun.StartReadyAsync(broker.Uri, ("CONFORMANCE_HOLD", "1"));
        var invocation = await run.Worker.BeginAsync("Holding", run.Message("holding", "held", "held"));
        var answer = invocation.AnswerAsync();

        // Until it is: the worker forgets one that comes before what it is about.
        await Wait.UntilAsync(async () =>
        {
            await invocation.CancelAsync();
            return answer.IsCompleted;
        }, "the invocation to end");

        Assert.NotEqual(StatusResult.Types.Status.Success, (await answer).Result.Status);
        Assert.Equal(0, await run.CountCopiesAsync("holding", "held"));
        (await run.Worker.InvokeAsync("Text", run.Message("text", "alive"))).AssertSuccess();
    }

    [Fact]
    public async Task A_worker_that_is_told_to_end_does_so_in_good_order()
    {
        await using var run = await AppRun.StartReadyAsync(broker.Uri);
        (await run.Worker.InvokeAsync("Text", run.Message("text", "before"))).AssertSuccess();

        var clock = Stopwatch.StartNew();
        var code = await run.Worker.TerminateAsync(Grace);

        TestContext.Current.TestOutputHelper?.WriteLine($"Ended within {clock.Elapsed.TotalSeconds:0.0} s.");
        Assert.Equal(0, code);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("deaf")]
    public async Task A_worker_that_is_told_to_end_does_not_wait_for_ever_for_its_functions(string how)
    {
        await using var run = await AppRun.StartReadyAsync(broker.Uri, ("CONFORMANCE_HOLD", how), ("CONFORMANCE_GRACE_SECONDS", "1"));
        await run.Worker.BeginAsync("Holding", run.Message("holding", "held", "held"));

        var code = await run.Worker.TerminateAsync(Grace);

        Assert.Equal(0, code);
        Assert.Equal(0, await run.CountCopiesAsync("holding", "held")); // The host has had no answer, and keeps it.
    }
}
