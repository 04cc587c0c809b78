using System.Diagnostics;
using System.Text;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RabbitTopics.Brokers;
using RabbitTopics.BrokerTests.Telemetry;
using RabbitTopics.Connections;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Binding;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.FunctionsHost;
using RabbitTopics.Functions.Middleware;
using RabbitTopics.Functions.SelfHost.Invocation;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Functions;

/// <summary>Settling on Microsoft's host: invocations as it makes them (binding data as text, the body when parameters are bound), on
/// a real broker.</summary>
public sealed class HostSettlingTests(SharedBroker broker)
{
    private static readonly ReadOnlyMemory<byte> Body = new byte[] { 1, 0xFF, 2 };

    private const string Properties = """{"ContentType":"text/plain","Headers":{"text":"aGVhZGVyIHRleHQ=","int":7,"CC":["ZWxzZXdoZXJl"]},"DeliveryMode":2,"Priority":0,"MessageId":"m-1","Timestamp":{"UnixTime":0}}""";

    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static readonly string TracedProperties = Properties.Replace("\"int\":7", $"\"traceparent\":\"{Convert.ToBase64String(Encoding.ASCII.GetBytes(TraceParent))}\"", StringComparison.Ordinal);

    [Fact]
    public async Task A_failed_invocation_publishes_a_copy_that_counts_and_lets_the_host_acknowledge()
    {
        await using var library = await Library.OnAsync(broker.Uri);

        await InvokeAsync(library, Properties, () => throw new InvalidOperationException("It fails."));

        var copy = await Client.TakeAsync(broker.Uri, $"{library.Queue}.retry.60000");
        Assert.Equal(new byte[] { 1, 0xFF, 2 }, copy.Body.ToArray());
        Assert.Equal("m-1", copy.BasicProperties.MessageId);
        Assert.Equal("header text", copy.HeaderText("text"));
        Assert.Equal(7L, copy.BasicProperties.Headers!["int"]);
        Assert.Equal("orders.created", copy.HeaderText("Micro-Topic"));
        Assert.Equal("amq.topic", copy.HeaderText("rt-original-exchange"));
        Assert.Equal(1, copy.BasicProperties.Headers["rt-attempts"]);
        Assert.True(copy.BasicProperties.Headers.ContainsKey("rt-kept-CC"));
        Assert.False(copy.BasicProperties.Headers.ContainsKey("CC"));
    }

    [Fact]
    public async Task The_hosts_own_republishing_counts_as_attempts()
    {
        await using var library = await Library.OnAsync(broker.Uri);

        await InvokeAsync(library, Properties.Replace("\"int\":7", "\"x-ms-rabbitmq-requeuecount\":2", StringComparison.Ordinal), () => throw new InvalidOperationException("It fails."));

        var parked = await library.Channel.TakeAsync($"{library.Queue}.dead");
        Assert.Equal("max-attempts", parked.HeaderText("rt-dead-letter-reason"));
        Assert.Equal(3, parked.BasicProperties.Headers!["rt-dead-letter-attempts"]);
        Assert.False(parked.BasicProperties.Headers.ContainsKey("x-ms-rabbitmq-requeuecount"));
    }

    [Theory]
    [InlineData(4, 10)]
    [InlineData(2, 1)]
    public async Task A_message_that_the_host_had_to_publish_anew_too_often_is_parked_without_being_handled(int requeues, int maxRedeliveries)
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var options = library.Get<IOptions<RabbitTopicsOptions>>();
        options.Value.Handler.OnError = new() { MaxRedeliveries = maxRedeliveries, MaxAttempts = ErrorPolicy.Unlimited };

        await InvokeAsync(library, Properties.Replace("\"int\":7", $"\"x-ms-rabbitmq-requeuecount\":{requeues}", StringComparison.Ordinal),
            () => throw new InvalidOperationException("It must not run."), keepOptions: true);

        var parked = await Client.TakeAsync(broker.Uri, $"{library.Queue}.dead");
        Assert.Equal("max-redeliveries", parked.HeaderText("rt-dead-letter-reason"));
        Assert.Equal(new byte[] { 1, 0xFF, 2 }, parked.Body.ToArray());
    }

    [Fact]
    public async Task The_exception_that_the_worker_wraps_is_the_one_that_counts()
    {
        await using var library = await Library.OnAsync(broker.Uri);

        await InvokeAsync(library, Properties, () => throw new AggregateException(new FunctionInputConverterException("no JSON"))); // As Task.Result throws.

        Assert.Equal("poison", (await Client.TakeAsync(broker.Uri, $"{library.Queue}.dead")).HeaderText("rt-dead-letter-reason"));
    }

    [Fact]
    public async Task A_body_that_cannot_be_bound_is_parked()
    {
        await using var library = await Library.OnAsync(broker.Uri);

        await InvokeAsync(library, Properties, () => throw new FunctionInputConverterException("no JSON"));

        Assert.Equal("poison", (await library.Channel.TakeAsync($"{library.Queue}.dead")).HeaderText("rt-dead-letter-reason"));
    }

    [Fact]
    public async Task A_success_publishes_nothing_and_an_action_settles()
    {
        await using var library = await Library.OnAsync(broker.Uri);

        await InvokeAsync(library, Properties, () => Task.CompletedTask);
        Assert.False(await Client.QueueExistsAsync(broker.Uri, $"{library.Queue}.dead"));
        await InvokeAsync(library, Properties, () => Task.CompletedTask, actions => actions.DeadLetterAsync("odd"));

        Assert.Equal("odd", (await library.Channel.TakeAsync($"{library.Queue}.dead")).HeaderText("rt-dead-letter-reason"));
    }

    [Theory]
    [InlineData("orders.created", false)]
    [InlineData("orders.*", true)]
    public async Task Where_no_copy_can_be_made_the_host_keeps_the_message_whose_next_delivery_has_its_topic_and_count(string pattern, bool hasSeenIt)
    {
        await using var library = await Library.OnAsync(broker.Uri, options => options.Topology = TopologyMode.None);
        var deliveries = Deliveries(library, pattern);
        if (hasSeenIt)
        {
            await Assert.ThrowsAsync<HostDeliveryNotSettledException>(() => InvokeAsync(deliveries, Context(library, Properties), () => throw new InvalidOperationException("It fails.")));
        }

        // As the host publishes it: to the default exchange, with the queue's name and its count.
        var again = Context(library, Properties.Replace("\"int\":7", "\"int\":7,\"x-ms-rabbitmq-requeuecount\":1", StringComparison.Ordinal), exchange: "", routingKey: library.Queue);
        await InvokeAsync(deliveries, again, () => Task.CompletedTask);

        var message = again.GetTopicMessage()!;
        Assert.Equal(("amq.topic", "orders.created", 2), (message.Exchange, message.RoutingKey, message.Attempt));
    }

    [Fact]
    public async Task A_handling_has_a_span_in_the_trace_of_its_message()
    {
        using var spans = new Spans();
        await using var library = await Library.OnAsync(broker.Uri);

        await InvokeAsync(library, TracedProperties, () => throw new InvalidOperationException("It fails."));

        var span = (await spans.WaitAsync($"process amq.topic:orders.created:{library.Queue}", 1))[0];
        Assert.Equal(TraceParent, $"00-{span.TraceId}-{span.ParentSpanId}-01");
        Assert.Equal("retried", span.GetTagItem("rabbittopics.outcome"));
        Assert.Equal(span.Id, (await Client.TakeAsync(broker.Uri, $"{library.Queue}.retry.60000")).HeaderText("rt-traceparent"));

        // As the copy comes back: from the queue of the retry, with its headers.
        static string Encoded(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));
        var copy = TracedProperties.Replace("\"traceparent\"", $"\"rt-original-exchange\":\"{Encoded("amq.topic")}\",\"rt-original-routing-key\":\"{Encoded("orders.created")}\",\"rt-attempts\":1,\"rt-traceparent\":\"{Encoded(span.Id!)}\",\"traceparent\"", StringComparison.Ordinal);
        await InvokeAsync(Deliveries(library), Context(library, copy, exchange: "", routingKey: library.Queue), () => Task.CompletedTask);

        var second = (await spans.WaitAsync($"process amq.topic:orders.created:{library.Queue}", 2))[1];
        Assert.Equal(span.SpanId, Assert.Single(second.Links).Context.SpanId);
        Assert.Equal(2, second.GetTagItem("rabbittopics.attempt"));
    }

    [Fact]
    public async Task A_span_of_the_worker_stands_for_the_handling_and_is_linked_to_the_trace_of_the_message()
    {
        using var worker = new ActivitySource("Microsoft.Azure.Functions.Worker");
        using var spans = new Spans(worker.Name);
        await using var library = await Library.OnAsync(broker.Uri);

        using (worker.StartActivity($"Invoke {library.Queue}"))
        {
            await InvokeAsync(library, TracedProperties, () => Task.CompletedTask);
        }

        var span = Assert.Single(await spans.WaitAsync(library.Queue, 1));
        Assert.Equal(TraceParent, $"00-{span.Links.Single().Context.TraceId}-{span.Links.Single().Context.SpanId}-01");
        Assert.Equal(("completed", library.Queue), (span.GetTagItem("rabbittopics.outcome"), span.GetTagItem("rabbittopics.queue")));
    }

    private static async Task InvokeAsync(Library library, string properties, Func<Task> run, Func<TopicMessageActions, Task>? act = null, bool keepOptions = false)
    {
        // Connects: a copy has 10 s for all of its steps.
        await library.Get<ITopicPublisher>().PublishAsync($"nowhere-{Guid.NewGuid():N}", "warm-up", new PublishOptions { Exchange = "", Mandatory = false, Timeout = Wait.Patience });
        if (!keepOptions)
        {
            library.Get<IOptions<RabbitTopicsOptions>>().Value.Handler.OnError = new() { Delays = [TimeSpan.FromMinutes(1)], MaxAttempts = 3 };
        }

        await InvokeAsync(Deliveries(library), Context(library, properties), run, act);
    }

    private static async Task InvokeAsync(HostDeliveries deliveries, InvocationContext context, Func<Task> run, Func<TopicMessageActions, Task>? act = null) =>
        await new TopicMessageMiddleware(deliveries, new InvocationCounts(), Options.Create(new RabbitTopicsOptions())).Invoke(context, async _ =>
        {
            await new InvocationFeatureConverter().ConvertAsync(new BodyBinding(context));
            Assert.Equal("orders.created", context.GetTopicMessage()!.Topic);
            Assert.Equal(new byte[] { 1, 0xFF, 2 }, context.GetTopicMessage()!.Body.ToArray());
            if (act is not null)
            {
                await act(context.Features.Get<TopicMessageActions>()!);
            }

            await run();
        });

    private static HostDeliveries Deliveries(Library library, string? pattern = null)
    {
        var options = library.Get<IOptions<RabbitTopicsOptions>>();
        var configuration = library.Get<IConfiguration>();
        var settings = new SettingReferences(configuration);
        FunctionDescription[] functions =
        [
            TestFunction.On(library.Queue) with { Subscriptions = pattern is null ? [] : [new TopicSubscriptionAttribute(pattern)] },
        ];
        var topology = new TopologyOfFunctions(options.Value, settings, configuration).Build(functions);
        return new HostDeliveries(new TriggerQueues(functions, topology, settings, configuration, options), library.Get<AppBrokers>(),
            new SettlementClient(configuration, NullLogger<SettlementClient>.Instance), options, TimeProvider.System, NullLogger<HostDeliveries>.Instance);
    }

    private static InvocationContext Context(Library library, string properties, string exchange = "amq.topic", string routingKey = "orders.created")
    {
        var services = new ServiceCollection().AddLogging();
        services.AddFunctionsWorkerDefaults(worker => worker.InputConverters.RegisterAt<InvocationFeatureConverter>(0));
        return new InvocationContext(LoadedFunction.Load(TestFunction.On(library.Queue), null!), new HostTrigger(new Dictionary<string, object?>
        {
            ["ConsumerTag"] = "tag",
            ["DeliveryTag"] = "5",
            ["Redelivered"] = "false",
            ["Exchange"] = exchange,
            ["RoutingKey"] = routingKey,
            ["BasicProperties"] = properties,
        }), services.BuildServiceProvider().GetRequiredService<IServiceScopeFactory>(), CancellationToken.None);
    }

    private sealed class HostTrigger(IReadOnlyDictionary<string, object?> data) : ValueTrigger("message", Body)
    {
        protected override IReadOnlyDictionary<string, object?> ReadBindingData() => data;
    }

    private sealed class BodyBinding(FunctionContext context) : ConverterContext
    {
        public override Type TargetType => typeof(byte[]);

        public override object Source => Body;

        public override FunctionContext FunctionContext => context;

        public override IReadOnlyDictionary<string, object> Properties { get; } = new Dictionary<string, object>();
    }
}
