using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RabbitTopics.Benchmarks.Measuring;
using RabbitTopics.Benchmarks.Workloads;
using RabbitTopics.Functions;

namespace RabbitTopics.Benchmarks.Contenders;

/// <summary>RabbitTopics: a function app that hosts itself, with one function; what publishes is the same publisher that functions use.</summary>
/// <param name="broker">The broker.</param>
/// <param name="sampled">One of so many spans is recorded; 0 where nothing listens to them.</param>
internal sealed class OurContender(Uri broker, int sampled = 0) : IContender
{
    /// <summary>Samples as a tracing library does: each span has an activity, and few have data.</summary>
    private readonly ActivityListener? _listener = sampled == 0 ? null : Listen(sampled);

    public async Task<IAsyncDisposable> ConsumeAsync(string queue, ushort concurrency, ushort prefetch)
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.UseRabbitTopics(options => options.Topology = TopologyMode.None);
        builder.Services.Configure<JsonSerializerOptions>(UseOrderJson);

        // Last of all sources, so that no environment and no settings file can change what is measured.
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["RabbitMQ"] = broker.OriginalString,
            ["BENCH_QUEUE"] = queue,
            ["AzureWebJobs:Many:Disabled"] = "true", // ManyFunctions has it.
            ["AzureFunctionsJobHost:logging:logLevel:default"] = "Warning",
            ["AzureFunctionsJobHost:extensions:rabbitMQ:prefetchCount"] = prefetch.ToString(CultureInfo.InvariantCulture),
            ["AzureFunctionsJobHost:extensions:rabbitMQ:concurrency"] = concurrency.ToString(CultureInfo.InvariantCulture),
        });
        return await RunningHost.StartAsync(builder.Build());
    }

    public Task<IPublishing> OpenPublisherAsync(string exchange, string queue)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("RabbitMQ", broker.OriginalString)]).Build());
        services.AddLogging();
        services.AddRabbitTopics();
        services.Configure<RabbitTopicsOptions>(options => (options.Exchange, options.Topology) = (exchange, TopologyMode.None));
        services.Configure<JsonSerializerOptions>(UseOrderJson);
        return Task.FromResult<IPublishing>(new Publishing(services.BuildServiceProvider(), queue));
    }

    private static ActivityListener Listen(int sampled)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RabbitTopicsTelemetry.ActivitySourceName,
            Sample = (ref _) => Random.Shared.Next(sampled) == 0 ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.PropagationData,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static void UseOrderJson(JsonSerializerOptions json) => json.TypeInfoResolverChain.Add(OrderJson.Default);

    private sealed class Publishing(ServiceProvider services, string topic) : IPublishing
    {
        private readonly ITopicPublisher _publisher = services.GetRequiredService<ITopicPublisher>();

        public Task PublishAsync(Order order) => _publisher.PublishAsync(topic, order);

        public Task PublishAllAsync(IEnumerable<Order> orders) => _publisher.PublishAllAsync(orders.Select(order => new TopicMessage<Order>(topic, order)));

        public ValueTask DisposeAsync() => services.DisposeAsync();
    }
}

/// <summary>The function.</summary>
public static class OrderFunction
{
    [Function("Orders")]
    public static Task Run([RabbitMQTrigger("%BENCH_QUEUE%", ConnectionStringSetting = "RabbitMQ")] Order order) => Tally.Current.HandleAsync(order);
}
