using System.Diagnostics;
using RabbitTopics.TestSupport;
using RabbitTopics.WorkerTests.Host;
using RabbitTopics.WorkerTests.Protocol;

namespace RabbitTopics.WorkerTests;

/// <summary>How invocations and workers are stopped.</summary>
public sealed class StoppingTests(SharedBroker broker)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_cancelled_invocation_ends_unsettled_and_its_message_stays_the_hosts()
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

        var result = (await answer).Result;
        Assert.NotEqual(StatusResult.Types.Status.Success, result.Status);
        Assert.Contains("the host keeps it", result.Exception.Message, StringComparison.Ordinal);
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
        Assert.True(clock.Elapsed < Wait.Stretch(Grace), $"{clock.Elapsed}");
    }

    [Theory]
    [InlineData("1")]
    [InlineData("deaf")]
    public async Task A_worker_that_is_told_to_end_does_not_wait_for_ever_for_its_functions(string how)
    {
        await using var run = await AppRun.StartReadyAsync(broker.Uri, ("CONFORMANCE_HOLD", how), ("CONFORMANCE_GRACE_SECONDS", "1"));
        await run.Worker.BeginAsync("Holding", run.Message("holding", "held", "held"));

        var clock = Stopwatch.StartNew();
        var code = await run.Worker.TerminateAsync(Grace);

        Assert.Equal(0, code);
        Assert.True(clock.Elapsed < Wait.Stretch(Grace), $"{clock.Elapsed}");
        Assert.Equal(0, await run.CountCopiesAsync("holding", "held")); // The host has had no answer, and keeps it.
    }

    [Fact]
    public async Task A_function_that_ends_the_process_leaves_its_message_to_the_host_whose_next_worker_sees_the_count()
    {
        await using var run = await AppRun.StartReadyAsync(broker.Uri);
        var invocation = await run.Worker.BeginAsync("Crashing", run.Message("crashing", "crash", "crash"));

        Assert.NotEqual(0, await run.Worker.WaitForExitAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(invocation.AnswerAsync);
        Assert.Equal(0, await run.CountCopiesAsync("crashing", "crash"));
        Assert.Equal(1, (await run.TakeSeenAsync("Crashing", "crash")).Attempt);

        run.StartWorker();
        await run.Worker.GetReadyAsync();
        (await run.Worker.InvokeAsync("Crashing", HostMessage.Of(run.Queue("crashing"), "harmless"u8.ToArray(), exchange: "", messageId: "crash",
            headers: ("x-ms-rabbitmq-requeuecount", 1)))).AssertSuccess();
        var seen = await run.TakeSeenAsync("Crashing", "harmless");
        Assert.Equal(("amq.topic", run.Queue("crashing"), 2), (seen.Exchange, seen.Topic!, seen.Attempt));
    }
}
