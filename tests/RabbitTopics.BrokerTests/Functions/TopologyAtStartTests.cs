using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.FunctionsHost;
using RabbitTopics.Testing;

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
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var library = await Library.OnAsync(broker.Uri);
        await broker.KillAsync();

        var starting = StartAsync(library);
        Assert.False(starting.IsCompleted);
        await broker.StartAsync();
        var clock = Stopwatch.StartNew();
        await starting;

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");
        Assert.True(await Client.QueueExistsAsync(broker.Uri, library.Queue));
    }

    private static Task StartAsync(Library library)
    {
        var configuration = library.Get<IConfiguration>();
        var settings = new SettingReferences(configuration);
        var app = library.Get<IOptions<RabbitTopicsOptions>>();
        FunctionDescription[] functions = [TestFunction.On(library.Queue) with { Subscriptions = [new TopicSubscriptionAttribute(library.Queue)] }];
        var topology = new TopologyOfFunctions(app.Value, settings, configuration).Build(functions);
        var queues = new TriggerQueues(functions, topology, settings, configuration, app);
        return new TopologyAtStart(queues, library.Get<AppBrokers>(), topology, NullLogger<TopologyAtStart>.Instance).StartAsync(CancellationToken.None);
    }
}
