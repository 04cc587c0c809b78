using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.FunctionsHost;
using RabbitTopics.Health;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Functions;

/// <summary>What has to be there before Microsoft's host looks for it.</summary>
public sealed class TopologyAtStartTests(SharedBroker shared)
{
    [Fact]
    public async Task When_the_start_is_over_the_queues_exist_with_those_that_settling_needs()
    {
        await using var library = await Library.OnAsync(shared.Uri);

        await StartAsync(library);

        foreach (var suffix in new[] { "", ".dead", ".retry.1000", ".retry.5000", ".retry.25000" })
        {
            Assert.True(await Client.QueueExistsAsync(shared.Uri, library.Queue + suffix), suffix);
        }

        await library.Channel.BasicPublishAsync("amq.topic", library.Queue, mandatory: true, "x"u8.ToArray());
        await library.Channel.TakeAsync(library.Queue);
    }

    [Fact]
    public async Task A_broker_that_is_down_is_waited_for()
    {
        // To start a broker takes longer on a busy machine than an app waits for one.
        await using var proxy = new TcpProxy(shared.Uri) { IsRefusing = true };
        await using var library = await Library.OnAsync(shared.Uri, brokerOfServices: proxy.Uri);

        var starting = StartAsync(library);
        await library.Log.WaitForAsync("Waiting for the broker");
        Assert.False(starting.IsCompleted);
        proxy.IsRefusing = false;
        await starting;

        Assert.True(await Client.QueueExistsAsync(shared.Uri, library.Queue));
    }

    [Fact]
    public async Task Messages_that_stop_the_hosts_listener_are_parked_before_it_starts_and_the_others_stay_in_their_order()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await PublishAsync(library, "integer", ("traceparent", 7));
        await PublishAsync(library, "first", ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("tracestate", 7));
        await PublishAsync(library, "nothing", ("traceparent", null));
        await PublishAsync(library, "unsigned", ("port", (ushort)40_000));
        await PublishAsync(library, "second");
        await using (var connection = await Client.ConnectAsync(shared.Uri))
        await using (var listener = await connection.CreateChannelAsync()) // It has had them, and they come back.
        {
            for (var taken = 0; taken < 5; taken++)
            {
                await Wait.UntilAsync(async () => await listener.BasicGetAsync(library.Queue, autoAck: false) is not null, "the next message");
            }
        }

        await PublishAsync(library, "third");
        await PublishAsync(library, "fourth");

        await StartAsync(library);

        foreach (var parked in new[] { "integer", "nothing", "unsigned" })
        {
            var message = await library.Channel.TakeAsync($"{library.Queue}.dead");
            Assert.Equal((parked, "host-cannot-decode"), (Encoding.UTF8.GetString(message.Body.Span), message.HeaderText("rt-dead-letter-reason")));
            Assert.True(parked == "unsigned" || message.BasicProperties.Headers!["traceparent"] is byte[], "It would stop the listener again."); // When it is replayed.
        }

        // To look at a message marks it: one that was never delivered ends the search.
        foreach (var left in new[] { ("first", true), ("second", true), ("third", true), ("fourth", false) })
        {
            var message = await library.Channel.TakeAsync(library.Queue);
            Assert.Equal(left, (Encoding.UTF8.GetString(message.Body.Span), message.Redelivered));
        }
    }

    [Fact]
    public async Task A_queue_that_another_instance_consumes_or_that_is_not_to_be_cleared_is_left_alone()
    {
        await using var library = await Library.OnAsync(shared.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await PublishAsync(library, "integer", ("traceparent", 7));

        await StartAsync(library, options => options.ParkUndecodable = false);

        await library.Channel.BasicQosAsync(0, 1, global: false);
        await library.Channel.BasicConsumeAsync(library.Queue, autoAck: false, new RabbitMQ.Client.Events.AsyncEventingBasicConsumer(library.Channel));
        await PublishAsync(library, "other", ("traceparent", 7));
        await StartAsync(library);

        Assert.Equal(0u, await Client.CountAsync(shared.Uri, $"{library.Queue}.dead"));
        Assert.Equal(1u, await Client.CountAsync(shared.Uri, library.Queue));
    }

    [Fact]
    public async Task A_queue_that_cannot_be_prepared_is_critical_and_unhealthy()
    {
        await using var library = await Library.OnAsync(shared.Uri, options => options.Topology = TopologyMode.Verify);

        await StartAsync(library);

        var report = await library.Get<HealthCheckService>().CheckHealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, report.Status);
        Assert.Contains($"queue '{library.Queue}' of 'F' is not consumed: it could not be prepared, and the host may disable the function", report.Entries["rabbittopics"].Description, StringComparison.Ordinal);
    }

    private static async Task PublishAsync(Library library, string body, params (string Name, object? Value)[] headers) =>
        await library.Channel.BasicPublishAsync("", library.Queue, mandatory: true,
            new BasicProperties { Headers = headers.ToDictionary(header => header.Name, header => header.Value) }, Encoding.UTF8.GetBytes(body));

    private static Task StartAsync(Library library, Action<ListenerWatchOptions>? configure = null)
    {
        var options = new ListenerWatchOptions();
        configure?.Invoke(options);
        var configuration = library.Get<IConfiguration>();
        var settings = new SettingReferences(configuration);
        var app = library.Get<IOptions<RabbitTopicsOptions>>();
        FunctionDescription[] functions = [TestFunction.On(library.Queue) with { Subscriptions = [new TopicSubscriptionAttribute(library.Queue)] }];
        var topology = new TopologyOfFunctions(app.Value, settings, configuration).Build(functions);
        var queues = new TriggerQueues(functions, topology, settings, configuration, app);
        return new TopologyAtStart(queues, new TriggerBindings(), library.Get<AppBrokers>(), topology, library.Get<QueueHealth>(), app, Options.Create(options), NullLogger<TopologyAtStart>.Instance).StartAsync(CancellationToken.None);
    }
}
