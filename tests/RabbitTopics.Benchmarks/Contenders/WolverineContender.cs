using JasperFx.CodeGeneration;
using JasperFx.CodeGeneration.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitTopics.Benchmarks.Measuring;
using RabbitTopics.Benchmarks.Workloads;
using RabbitTopics.TestSupport;
using Wolverine;
using Wolverine.RabbitMQ;
using Wolverine.Runtime;

namespace RabbitTopics.Benchmarks.Contenders;

/// <summary>Wolverine with endpoints that handle and send in line: buffered ones acknowledge before the handler has run. Its defaults that are changed so
/// that the guarantees are alike: no confirms, and messages that a broker's restart loses. Messages that reach no queue stay lost, as it
/// cannot ask for an error.</summary>
internal sealed class WolverineContender(Uri broker) : IContender
{
    public async Task<IAsyncDisposable> ConsumeAsync(string queue, ushort concurrency, ushort prefetch) => await StartAsync(options =>
        options.ListenToRabbitQueue(queue).ProcessInline().PreFetchCount(prefetch).ConsumerDispatchConcurrency(concurrency).DefaultIncomingMessage<Order>());

    public async Task<IPublishing> OpenPublisherAsync(string exchange, string queue)
    {
        var host = await StartAsync(options => options.PublishMessage<Order>().ToRabbitRoutingKey(exchange, queue).SendInline()
            .UseInterop((_, mapper) => mapper.MapOutgoingProperty(envelope => envelope.TopicName!, (_, properties) => properties.Persistent = true)));
        return new Publishing(host);
    }

    /// <summary>Writes the code by which Wolverine calls <see cref="OrderHandler"/>, to Internal/Generated: again for a newer Wolverine.</summary>
    public void WriteCode()
    {
        DynamicCodeBuilder.WithinCodegenCommand = true;
        using var host = Build(options => options.CodeGeneration.GeneratedCodeOutputPath = Path.Combine(Repository.Root, "tests", "RabbitTopics.Benchmarks", "Internal", "Generated"));
        new DynamicCodeBuilder(host.Services, [.. host.Services.GetServices<ICodeFileCollection>()])
        {
            ServiceVariableSource = host.Services.GetService<IServiceVariableSource>(),
        }.WriteGeneratedCode(Console.WriteLine);
    }

    private async Task<RunningHost> StartAsync(Action<WolverineOptions> configure) => await RunningHost.StartAsync(Build(configure));

    private IHost Build(Action<WolverineOptions> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddConsole().SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddWolverine(ExtensionDiscovery.Automatic, options =>
        {
            options.ApplicationAssembly = typeof(WolverineContender).Assembly;
            options.CodeGeneration.TypeLoadMode = TypeLoadMode.Static;
            options.Durability.Mode = DurabilityMode.Solo;
            options.Discovery.DisableConventionalDiscovery().IncludeType(typeof(OrderHandler));
            options.UseSystemTextJsonForSerialization(json => json.TypeInfoResolverChain.Insert(0, OrderJson.Default));
            options.UseRabbitMq(broker).DisableDeadLetterQueueing().DisableSystemRequestReplyQueueDeclaration().ConfigureChannelCreation(channel =>
            {
                channel.PublisherConfirmationsEnabled = true;
                channel.PublisherConfirmationTrackingEnabled = true;
            });
            configure(options);
        });
        return builder.Build();
    }

    private sealed class Publishing(RunningHost host) : IPublishing
    {
        private readonly MessageBus _bus = new(host.Services.GetRequiredService<IWolverineRuntime>());

        public Task PublishAsync(Order order) => _bus.PublishAsync(order).AsTask();

        public ValueTask DisposeAsync() => host.DisposeAsync();
    }
}

/// <summary>Wolverine's handler.</summary>
public static class OrderHandler
{
    public static Task Handle(Order order) => Tally.Current.HandleAsync(order);
}
