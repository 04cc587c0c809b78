using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Telemetry;

public sealed class TracingTests(SharedBroker broker)
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private readonly string _run = $"trace-{Guid.NewGuid():N}";

    [Fact]
    public async Task One_trace_leads_from_a_timer_through_its_publish_and_a_retry_to_the_second_handler()
    {
        using var spans = new Spans();
        using var app = await TracedFunctions.StartAsync(broker.Uri, _run, "Tick", "First", "Second");

        var second = (await spans.WaitAsync($"process amq.topic:{_run}.second", 1))[0];
        await app.StopAsync();
        await DeleteAsync("First", "Second");

        var publishSecond = Assert.Single(spans.Of($"publish amq.topic:{_run}.second"));
        var attempts = spans.Of($"process amq.topic:{_run}.first");
        var publishFirst = Assert.Single(spans.Of($"publish amq.topic:{_run}.first"));
        var tick = spans.Find(publishFirst.ParentSpanId)!;
        Assert.Equal(2, attempts.Count);
        Assert.All([second, publishSecond, .. attempts, publishFirst], span => Assert.Equal(tick.TraceId, span.TraceId));
        Assert.Equal(("Tick", ActivityKind.Internal, default(ActivitySpanId)), (tick.DisplayName, tick.Kind, tick.ParentSpanId));
        Assert.All(attempts, attempt => Assert.Equal((publishFirst.SpanId, ActivityKind.Consumer), (attempt.ParentSpanId, attempt.Kind)));
        Assert.Equal((attempts[1].SpanId, ActivityKind.Producer), (publishSecond.ParentSpanId, publishSecond.Kind));
        Assert.Equal(publishSecond.SpanId, second.ParentSpanId);

        Assert.Empty(attempts[0].Links);
        Assert.Equal(attempts[0].SpanId, Assert.Single(attempts[1].Links).Context.SpanId);
        Assert.Equal((1, "retried", "System.InvalidOperationException", ActivityStatusCode.Error),
            (attempts[0].GetTagItem("rabbittopics.attempt"), attempts[0].GetTagItem("rabbittopics.outcome"), attempts[0].GetTagItem("error.type"), attempts[0].Status));
        Assert.Equal((2, "completed", null, ActivityStatusCode.Unset),
            (attempts[1].GetTagItem("rabbittopics.attempt"), attempts[1].GetTagItem("rabbittopics.outcome"), attempts[1].GetTagItem("error.type"), attempts[1].Status));
        Assert.Equal($"amq.topic:{_run}.first:{_run}.First", attempts[0].GetTagItem("messaging.destination.name"));
        Assert.Equal(("rabbitmq", "publish", "send", $"amq.topic:{_run}.first", $"{_run}.first", 4, broker.Uri.Host, broker.Uri.Port),
            (Tag("messaging.system"), Tag("messaging.operation.name"), Tag("messaging.operation.type"), Tag("messaging.destination.name"),
                Tag("messaging.rabbitmq.destination.routing_key"), Tag("messaging.message.body.size"), Tag("server.address"), Tag("server.port")));
        Assert.Equal(publishFirst.GetTagItem("messaging.message.id"), attempts[1].GetTagItem("messaging.message.id"));
        Assert.Equal(("First", "pubsub"), (attempts[0].GetTagItem("faas.name"), attempts[0].GetTagItem("faas.trigger")));

        object? Tag(string name) => publishFirst.GetTagItem(name);
    }

    [Theory]
    [InlineData("traceparent")]
    [InlineData("Traceparent")]
    public async Task A_trace_of_another_publisher_goes_on(string header)
    {
        using var spans = new Spans();
        await HandleOneAsync(new Dictionary<string, object?> { [header] = TraceParent, ["tracestate"] = "vendor=1" });

        var span = (await spans.WaitAsync(_run, 1))[0];
        Assert.Equal(TraceParent, $"00-{span.TraceId}-{span.ParentSpanId}-01");
        Assert.Equal("vendor=1", span.TraceStateString);
    }

    [Fact]
    public async Task What_is_no_trace_does_no_harm()
    {
        using var spans = new Spans();
        foreach (var value in new object?[] { 7, "00-garbage", Array.Empty<byte>(), new List<object?> { "x" }, null, new byte[] { 0xFF, 0xFE } })
        {
            await HandleOneAsync(new Dictionary<string, object?> { ["traceparent"] = value });
        }

        Assert.All(await spans.WaitAsync(_run, 6), span => Assert.Equal(default, span.ParentSpanId));
    }

    [Fact]
    public async Task A_handling_may_be_linked_to_its_publish_and_begin_a_trace_of_its_own()
    {
        using var spans = new Spans();
        await HandleOneAsync(new Dictionary<string, object?> { ["traceparent"] = TraceParent }, linksTraces: true);

        var span = (await spans.WaitAsync(_run, 1))[0];
        Assert.Equal(default, span.ParentSpanId);
        Assert.Equal("b7ad6b7169203331", Assert.Single(span.Links).Context.SpanId.ToString());
    }

    [Fact]
    public async Task A_parked_message_that_is_put_back_is_linked_to_the_attempt_that_parked_it()
    {
        using var spans = new Spans();
        await using var library = await Library.OnAsync(broker.Uri);
        await using (var consumer = library.Consumer((_, _) => throw new InvalidOperationException("It fails."), new HandlerOptions { OnError = { Action = ErrorAction.DeadLetter } }))
        {
            consumer.Start();
            await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
            await library.SendAsync("a");
            var parked = await library.Channel.TakeAsync($"{library.Queue}.dead");
            await library.Channel.BasicPublishAsync("", library.Queue, mandatory: true, new BasicProperties(parked.BasicProperties), parked.Body);
            await spans.WaitAsync(library.Queue, 2);
        }

        var handlings = spans.Of(library.Queue);
        Assert.Equal(handlings[0].SpanId, Assert.Single(handlings[1].Links).Context.SpanId);
        Assert.Equal(("dead_lettered", "failed"), (handlings[0].GetTagItem("rabbittopics.outcome"), handlings[0].GetTagItem("rabbittopics.dead_letter.reason")));
    }

    [Fact]
    public async Task What_listens_and_throws_keeps_no_message_from_being_published_and_handled_and_a_span_shows_no_secret()
    {
        using var spans = new Spans();
        await using var library = await Library.OnAsync(broker.Uri);
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RabbitTopicsTelemetry.ActivitySourceName,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => _ = span.DisplayName.Contains(library.Queue, StringComparison.Ordinal) ? throw new InvalidOperationException("It cannot be told.") : 0,
        };
        ActivitySource.AddActivityListener(listener);
        var handled = 0;
        await using var consumer = library.Consumer((_, _) => Interlocked.Increment(ref handled) == 1 ? throw new TimeoutException("amqp://user:s3cret@host does not answer") : ValueTask.CompletedTask,
            new HandlerOptions { OnError = { Delays = [TimeSpan.FromMilliseconds(100)] } });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);

        await library.Get<ITopicPublisher>().PublishAsync(library.Queue, "a");
        await library.Get<ITopicPublisher>().PublishAsync(library.Queue, "b");

        await Wait.UntilAsync(() => handled == 3, "three attempts");
        await consumer.StopAsync(CancellationToken.None);
        Assert.Equal(0u, await Client.CountAsync(broker.Uri, library.Queue));
        var seen = await spans.WaitAsync(library.Queue, 5);
        Assert.Contains(seen, span => span.StatusDescription == "amqp://***@host does not answer");
    }

    [Fact]
    public async Task What_listens_and_throws_keeps_no_timer_from_running()
    {
        using var spans = new Spans();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RabbitTopicsTelemetry.ActivitySourceName,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = span => _ = span.DisplayName == "Tick" ? throw new InvalidOperationException("It cannot be told.") : 0,
        };
        ActivitySource.AddActivityListener(listener);

        using var app = await TracedFunctions.StartAsync(broker.Uri, _run, "Tick", "First");

        await spans.WaitAsync($"process amq.topic:{_run}.first", 1);
        await app.StopAsync();
        await DeleteAsync("First");
    }

    [Fact]
    public async Task A_publish_that_fails_is_an_error_of_its_span()
    {
        using var spans = new Spans();
        await using var library = await Library.OnAsync(broker.Uri);

        await Assert.ThrowsAsync<PublishReturnedException>(() => library.Get<ITopicPublisher>().PublishAsync(_run, "nobody", new PublishOptions { Exchange = "" }));

        var span = (await spans.WaitAsync(_run, 1))[0];
        Assert.Equal((ActivityStatusCode.Error, typeof(PublishReturnedException).FullName), (span.Status, span.GetTagItem("error.type")));
    }

    [Fact]
    public async Task With_the_clients_own_spans_a_publish_has_one_span_all_the_same()
    {
        using var spans = new Spans(RabbitMQActivitySource.PublisherSourceName);
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);

        await library.Get<ITopicPublisher>().PublishAsync(library.Queue, "a", new PublishOptions { Exchange = "" });

        var sent = await library.Channel.TakeAsync(library.Queue);
        var span = Assert.Single(await spans.WaitAsync(library.Queue, 1));
        Assert.Equal(span.Id, sent.HeaderText("traceparent"));
    }

    [Fact]
    public async Task Without_a_listener_a_publish_carries_the_trace_that_it_is_in_and_the_function_sees_that_of_its_message()
    {
        using var app = await TracedFunctions.StartAsync(broker.Uri, _run, "Second");
        await Client.WaitForConsumersAsync(broker.Uri, $"{_run}.Second");
        using var activity = new Activity("somebody's own").SetIdFormat(ActivityIdFormat.W3C).Start();

        await app.Services.GetRequiredService<ITopicPublisher>().PublishAsync($"{_run}.second", "own");

        var seen = app.Services.GetRequiredService<TracedFunctions.Seen>().TraceParents;
        await Wait.UntilAsync(() => seen.ContainsKey("own"), "the message");
        await app.StopAsync();
        await DeleteAsync("Second");
        Assert.Contains(activity.TraceId.ToString(), seen["own"], StringComparison.Ordinal);
    }

    private async Task HandleOneAsync(Dictionary<string, object?> headers, bool linksTraces = false)
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var handled = new TaskCompletionSource();
        var queue = $"{_run}-{Guid.NewGuid():N}";
        await using var consumer = library.Consumer(library.Consuming(queue) with { LinksTraces = linksTraces }, (_, _) =>
        {
            handled.SetResult();
            return ValueTask.CompletedTask;
        });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, queue);
        await library.Channel.BasicPublishAsync("", queue, mandatory: true, new BasicProperties { Headers = headers }, Encoding.UTF8.GetBytes("a"));
        await handled.Task.WaitAsync(Wait.Patience);
        await consumer.StopAsync(CancellationToken.None);
        await library.DeleteQueueAsync(queue);
    }

    private async Task DeleteAsync(params string[] functions)
    {
        foreach (var queue in functions.Select(function => $"{_run}.{function}").Append($"{_run}.timers"))
        {
            foreach (var suffix in new[] { "", ".dead", ".retry.100", ".retry.1000", ".retry.5000", ".retry.25000" })
            {
                await Client.TryDeleteQueueAsync(broker.Uri, queue + suffix);
            }
        }
    }
}
