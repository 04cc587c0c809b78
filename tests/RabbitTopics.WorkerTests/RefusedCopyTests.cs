using RabbitTopics.TestSupport;
using RabbitTopics.WorkerTests.Host;
using RabbitTopics.WorkerTests.Protocol;

namespace RabbitTopics.WorkerTests;

/// <summary>A message that was not handled, and of which no copy can be made, stays the host's: its invocation fails, and the host publishes it
/// anew, to the default exchange, with the queue's name and its own count.</summary>
public sealed class RefusedCopyTests(SharedBroker broker)
{
    [Fact]
    public async Task Without_the_queue_for_its_copy_the_invocation_fails_and_the_next_delivery_has_its_topic_and_count()
    {
        await using var run = await AppRun.StartReadyAsync(broker.Uri, ("RABBITTOPICS_TOPOLOGY", "None"));
        var id = $"{Guid.NewGuid()}";

        var failed = await run.Worker.InvokeAsync("FailingOnce", HostMessage.Of("elsewhere", """{"Id":1,"Text":"x"}"""u8.ToArray(), exchange: "amq.direct", messageId: id));
        Assert.Equal(StatusResult.Types.Status.Failure, failed.Result.Status);
        Assert.Contains("the host keeps it", failed.Result.Exception.Message, StringComparison.Ordinal);
        Assert.False(await Client.QueueExistsAsync(broker.Uri, run.Queue("failing-once.dead")));

        // This process has seen it before.
        var seen = (await run.Worker.InvokeAsync("FailingOnce", Again(run, id))).Seen();
        Assert.Equal(("elsewhere", "amq.direct", "elsewhere", 2), (seen.Topic, seen.Exchange, seen.RoutingKey, seen.Attempt));

        // Another has not: the queue's one topic says it.
        var unknown = (await run.Worker.InvokeAsync("FailingOnce", Again(run, $"{Guid.NewGuid()}"))).Seen();
        Assert.Equal((run.Queue("failing-once"), "amq.topic", run.Queue("failing-once"), 2), (unknown.Topic, unknown.Exchange, unknown.RoutingKey, unknown.Attempt));
    }

    [Fact]
    public async Task While_the_broker_is_down_or_refuses_the_copy_invocations_fail_and_afterwards_they_settle_again()
    {
        await using var own = await PrivateBroker.StartNewAsync();
        await using var run = await AppRun.StartReadyAsync(own.Uri);
        var poison = HostMessage.Of(run.Queue("typed"), "no JSON"u8.ToArray(), messageId: "poison");

        await own.ControlAsync("set_policy", "full", $"^{run.Name}\\.typed\\.dead$", """{"max-length":0,"overflow":"reject-publish"}""", "--apply-to", "queues");
        Assert.Equal(StatusResult.Types.Status.Failure, (await run.Worker.InvokeAsync("Typed", poison)).Result.Status);
        Assert.Equal(0u, await Client.CountAsync(own.Uri, run.Queue("typed.dead")));

        await own.KillAsync();
        Assert.Equal(StatusResult.Types.Status.Failure, (await run.Worker.InvokeAsync("Typed", poison)).Result.Status);

        await own.StartAsync();
        await own.ControlAsync("clear_policy", "full");
        await Wait.UntilAsync(async () => (await run.Worker.InvokeAsync("Typed", poison)).Result.Status == StatusResult.Types.Status.Success, "the worker to settle again");
        Assert.True(await Client.CountAsync(own.Uri, run.Queue("typed.dead")) > 0);
    }

    private static HostMessage Again(AppRun run, string id) => HostMessage.Of(run.Queue("failing-once"), """{"Id":1,"Text":"x"}"""u8.ToArray(), exchange: "", messageId: id,
        headers: ("x-ms-rabbitmq-requeuecount", 1));
}
