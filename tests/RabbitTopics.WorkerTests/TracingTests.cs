using System.Text.Json.Nodes;
using RabbitTopics.TestSupport;
using RabbitTopics.WorkerTests.Host;

namespace RabbitTopics.WorkerTests;

/// <summary>Traces of an app that a Functions host runs: the spans that it makes by itself, and beside those of Microsoft's worker.</summary>
public sealed class TracingTests(SharedBroker broker)
{
    private const string None = "0000000000000000";
    private const string Ours = "RabbitTopics";
    private const string OfWorker = "Microsoft.Azure.Functions.Worker";
    private const string OfClient = "RabbitMQ.Client.Publisher";
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string TraceParent = $"00-{TraceId}-b7ad6b7169203331-01";
    private const string OfHost = "00-11111111111111111111111111111111-2222222222222222-01";

    [Fact]
    public async Task One_trace_leads_from_a_timer_through_its_publish_and_a_retry_to_the_second_handler()
    {
        await using var run = await TracedRun.StartAsync(broker.Uri, "ours");

        (await run.Worker.RunTimerAsync("Tick")).AssertSuccess();
        await run.DeliverAsync("First");
        await run.DeliverAsync("First");
        await run.DeliverAsync("Second");

        var spans = await run.WaitForSpansAsync(6);
        string[] names =
        [
            $"publish amq.topic:{run.Name}.first", "Tick", $"process amq.topic:{run.Name}.first:{run.Name}.First",
            $"publish amq.topic:{run.Name}.second", $"process amq.topic:{run.Name}.first:{run.Name}.First", $"process amq.topic:{run.Name}.second:{run.Name}.Second",
        ];
        Assert.Equal(names, spans.Select(span => span.Name));
        var (publishFirst, tick, failed, publishSecond, done, second) = (spans[0], spans[1], spans[2], spans[3], spans[4], spans[5]);
        Assert.All(spans, span => Assert.Equal((tick.TraceId, Ours), (span.TraceId, span.Source)));
        Assert.Equal(["Producer", "Internal", "Consumer", "Producer", "Consumer", "Consumer"], spans.Select(span => span.Kind));
        Assert.Equal([tick.SpanId, None, publishFirst.SpanId, done.SpanId, publishFirst.SpanId, publishSecond.SpanId], spans.Select(span => span.ParentId));
        Assert.Equal([failed.SpanId], done.Links);
        Assert.All([publishFirst, tick, failed, publishSecond, second], span => Assert.Empty(span.Links));

        Assert.Equal(($"{run.Name}.First", "1", "retried", "System.InvalidOperationException", "Error"), (failed["rabbittopics.queue"], failed["rabbittopics.attempt"], failed["rabbittopics.outcome"], failed["error.type"], failed.Status));
        Assert.Equal(($"{run.Name}.First", "2", "completed", null, "Unset"), (done["rabbittopics.queue"], done["rabbittopics.attempt"], done["rabbittopics.outcome"], done["error.type"], done.Status));
        Assert.Equal(($"{run.Name}.Second", "1", "completed"), (second["rabbittopics.queue"], second["rabbittopics.attempt"], second["rabbittopics.outcome"]));
        Assert.Equal(("rabbitmq", "process", $"amq.topic:{run.Name}.first:{run.Name}.First", "First"), (done["messaging.system"], done["messaging.operation.name"], done["messaging.destination.name"], done["rabbittopics.handler"]));
        Assert.Equal(("First", "pubsub", true), (done["faas.name"], done["faas.trigger"], Guid.TryParse(done["faas.invocation_id"], out _)));
        Assert.Equal(("Tick", "timer", true), (tick["faas.name"], tick["faas.trigger"], Guid.TryParse(tick["faas.invocation_id"], out _)));
        Assert.Equal(publishFirst["messaging.message.id"], done["messaging.message.id"]);
    }

    [Fact]
    public async Task A_trace_of_another_publisher_goes_on_and_so_does_the_hosts_for_a_timer()
    {
        await using var run = await TracedRun.StartAsync(broker.Uri, "ours");

        (await run.Worker.InvokeAsync("Second", Message(run, "second", ("traceparent", TraceParent), ("tracestate", "vendor=1")))).AssertSuccess();
        Assert.NotEqual(Protocol.StatusResult.Types.Status.Success, (await run.Worker.RunTimerAsync("FailingTick", OfHost)).Result.Status);

        var spans = await run.WaitForSpansAsync(2);
        Assert.Equal((TraceParent, "vendor=1"), ($"00-{spans[0].TraceId}-{spans[0].ParentId}-01", spans[0].State));
        Assert.Empty(spans[0].Links);
        Assert.Equal(("FailingTick", OfHost, "Error", "System.InvalidOperationException"), (spans[1].Name, $"00-{spans[1].TraceId}-{spans[1].ParentId}-01", spans[1].Status, spans[1]["error.type"]));
    }

    [Fact]
    public async Task A_span_of_the_worker_is_the_only_one_of_an_invocation_and_tells_of_the_message()
    {
        await using var run = await TracedRun.StartAsync(broker.Uri, "ours,worker");

        (await run.Worker.RunTimerAsync("Tick")).AssertSuccess();
        await run.DeliverAsync("First");
        await run.DeliverAsync("First");
        await run.DeliverAsync("Second");
        (await run.Worker.InvokeAsync("Second", Message(run, "second", ("traceparent", TraceParent)), OfHost)).AssertSuccess();

        var spans = await run.WaitForSpansAsync(7);
        Assert.Equal(
        [
            (Ours, $"publish amq.topic:{run.Name}.first"), (OfWorker, "function Tick"), (OfWorker, "function First"),
            (Ours, $"publish amq.topic:{run.Name}.second"), (OfWorker, "function First"), (OfWorker, "function Second"), (OfWorker, "function Second"),
        ], spans.Select(span => (span.Source, span.Name)));
        var (publishFirst, tick, failed, publishSecond, done, second, hosted) = (spans[0], spans[1], spans[2], spans[3], spans[4], spans[5], spans[6]);
        Assert.Equal((tick.SpanId, done.SpanId), (publishFirst.ParentId, publishSecond.ParentId));
        Assert.Equal([[], [publishFirst.SpanId], [failed.SpanId, publishFirst.SpanId], [publishSecond.SpanId], [TraceParent.Split('-')[2]]], new[] { tick, failed, done, second, hosted }.Select(span => span.Links));
        Assert.Equal(OfHost, $"00-{hosted.TraceId}-{hosted.ParentId}-01");
        Assert.Equal(("1", "retried", "System.InvalidOperationException", "Error"), (failed["rabbittopics.attempt"], failed["rabbittopics.outcome"], failed["error.type"], failed.Status));
        Assert.Equal(($"{run.Name}.First", "2", "completed", "First", "pubsub"), (done["rabbittopics.queue"], done["rabbittopics.attempt"], done["rabbittopics.outcome"], done["faas.name"], done["faas.trigger"]));
    }

    [Fact]
    public async Task With_the_spans_of_the_worker_and_of_the_client_there_is_one_of_each_publish_and_one_of_each_invocation()
    {
        await using var run = await TracedRun.StartAsync(broker.Uri, "ours,client,worker");

        (await run.Worker.RunTimerAsync("Tick")).AssertSuccess();
        var sent = await run.DeliverAsync("First");

        var spans = await run.WaitForSpansAsync(4);
        var (publish, copy) = (spans[0], spans[2]); // The client tells of the copy for another attempt, too.
        Assert.Equal([OfClient, OfWorker, OfClient, OfWorker], spans.Select(span => span.Source));
        Assert.Equal($"00-{publish.TraceId}-{publish.SpanId}-01", sent.Text("traceparent"));
        Assert.Contains("retry", copy.Name, StringComparison.Ordinal);
        Assert.Equal([publish.SpanId], spans[3].Links);
    }

    [Fact]
    public async Task A_function_sees_the_trace_of_its_message_where_its_host_tells_of_none()
    {
        await using var run = await TracedRun.StartAsync(broker.Uri, "");

        Assert.Equal($"a|{TraceParent}|vendor=1|{run.Name}.context", await ContextAsync("", ("traceparent", TraceParent), ("tracestate", "vendor=1")));
        Assert.Equal($"a|{TraceParent}||{run.Name}.context", await ContextAsync("", ("Traceparent", TraceParent)));
        Assert.Equal($"a|{OfHost}||{run.Name}.context", await ContextAsync(OfHost, ("traceparent", TraceParent)));
        Assert.Equal($"a|||{run.Name}.context", await ContextAsync(""));
        foreach (var garbage in new object?[] { 7, "00-garbage", "", null, new byte[] { 0xFF, 0xFE }, new JsonArray("eA=="), $"{TraceParent}\n" })
        {
            Assert.Equal($"a|||{run.Name}.context", await ContextAsync("", ("traceparent", garbage)));
        }

        async Task<string> ContextAsync(string traceParent, params (string, object?)[] headers)
        {
            var answer = await run.Worker.InvokeAsync("Context", Message(run, "context", headers), traceParent);
            answer.AssertSuccess();
            return answer.ReturnValue.String;
        }
    }

    private static HostMessage Message(TracedRun run, string topic, params (string, object?)[] headers) => HostMessage.Of($"{run.Name}.{topic}", "a", headers: headers);
}
