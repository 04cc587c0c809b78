using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using RabbitTopics.WorkerTests.Host;

namespace RabbitTopics.WorkerTests;

/// <summary>What functions take, and where their results go.</summary>
public sealed class BodyAndOutputTests(ReadyApp app) : IClassFixture<ReadyApp>
{
    [Theory]
    [InlineData("Text", """{"Id":5,"Text":"张三"}""")]
    [InlineData("Bytes", "7B224964223A352C2254657874223A22E5BCA0E4B889227D")]
    [InlineData("Typed", "5:张三")]
    [InlineData("TypedEnvelope", "5:张三")]
    [InlineData("Envelope", "24")]
    public async Task A_function_takes_the_body_in_its_own_way_and_its_result_is_the_hosts_to_send(string function, string value)
    {
        var answer = await app.Run.Worker.InvokeAsync(function, app.Run.Message("some.topic", """{"Id":5,"Text":"张三"}"""));

        var seen = answer.Seen();
        Assert.Equal((function, value, app.Run.Queue("some.topic"), 1), (seen.Function, seen.Value, seen.Topic, seen.Attempt));
        Assert.DoesNotContain(await app.Run.TakeAllSeenAsync(), told => told.Function == function); // Not sent by the worker, too.
    }

    [Fact]
    public async Task A_compressed_body_is_read()
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write("""{"Id":6,"Text":"small"}"""u8);
        }

        var answer = await app.Run.Worker.InvokeAsync("Typed", HostMessage.Of("some.topic", compressed.ToArray(), contentType: "application/json", contentEncoding: "gzip"));

        Assert.Equal("6:small", answer.Seen().Value);
    }

    [Fact]
    public async Task A_body_of_many_megabytes_passes()
    {
        var answer = await app.Run.Worker.InvokeAsync("Envelope", HostMessage.Of("some.topic", new byte[20_000_000]));

        Assert.Equal("20000000", answer.Seen().Value);
    }

    [Fact]
    public async Task Invocations_run_side_by_side()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(number =>
            app.Run.Worker.InvokeAsync("Typed", app.Run.Message($"topic.{number}", $$"""{"Id":{{number}},"Text":"many"}"""))));

        Assert.Equal(Enumerable.Range(0, 200).Select(number => ($"{number}:many", app.Run.Queue($"topic.{number}"))), answers.Select(answer => (answer.Seen().Value, answer.Seen().Topic!)));
    }

    [Fact]
    public async Task A_topic_output_is_on_the_broker_before_the_host_is_told_that_the_function_is_done()
    {
        var queue = await app.Run.BindAsync("from-timer");

        var answer = await app.Run.Worker.RunTimerAsync("TopicFromTimer");

        answer.AssertSuccess();
        var published = await app.Run.Channel.BasicGetAsync(queue, autoAck: true);
        Assert.NotNull(published);
        Assert.Equal((1, "张三"), Item(Encoding.UTF8.GetString(published.Body.Span)));
        Assert.Equal(app.Run.Queue("from-timer"), published.Text("Micro-Topic"));
        Assert.Empty(answer.OutputData);
    }

    [Fact]
    public async Task A_queue_output_is_the_hosts_to_send()
    {
        var answer = await app.Run.Worker.RunTimerAsync("QueueFromTimer");

        answer.AssertSuccess();
        Assert.Equal((2, "stock"), Item(answer.ReturnValue.Json));
    }

    [Fact]
    public async Task Of_several_outputs_each_goes_its_way()
    {
        var queue = await app.Run.BindAsync("several");

        var answer = await app.Run.Worker.RunTimerAsync("SeveralOutputs");

        answer.AssertSuccess();
        var output = Assert.Single(answer.OutputData);
        Assert.Equal("ToQueue", output.Name);
        Assert.Equal((3, "queue"), Item(output.Data.Json));
        var published = await app.Run.Channel.BasicGetAsync(queue, autoAck: true);
        Assert.Equal((4, "topic"), Item(Encoding.UTF8.GetString(published!.Body.Span)));
    }

    [Fact]
    public async Task What_a_function_publishes_while_it_runs_is_on_the_broker_before_the_host_is_told_that_it_is_done()
    {
        var queue = await app.Run.BindAsync("collected.#");

        var answer = await app.Run.Worker.InvokeAsync("Collecting", app.Run.Message("collecting", app.Run.Queue("collected.third")));

        answer.AssertSuccess();
        var published = new List<(string RoutingKey, (int, string) Item)>();
        while (await app.Run.Channel.BasicGetAsync(queue, autoAck: true) is { } message)
        {
            published.Add((message.RoutingKey, Item(Encoding.UTF8.GetString(message.Body.Span))));
        }

        Assert.Equal(
            [(app.Run.Queue("collected"), (1, "first")), (app.Run.Queue("collected"), (2, "second")), (app.Run.Queue("collected.third"), (3, "third"))],
            published.OrderBy(message => message.Item.Item1));
    }

    private static (int Id, string Text) Item(string json)
    {
        var item = JsonNode.Parse(json)!;
        return ((int)item["Id"]!, (string)item["Text"]!);
    }
}
