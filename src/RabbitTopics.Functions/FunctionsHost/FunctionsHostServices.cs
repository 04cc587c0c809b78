using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitTopics.Startup;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>The additional services of an app that Microsoft's host runs.</summary>
internal static class FunctionsHostServices
{
    public static void Add(IServiceCollection services)
    {
        // First of all: the worker's own service answers the host, which then looks for the queues.
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TopologyAtStart>());
        services.AddValidatedOptions<ListenerWatchOptions>(options => options.Problems());
        services.AddHostedService<ListenerWatch>();
        services.AddSingleton<IFunctionMetadataTransformer, BinaryTriggers>();
        services.AddSingleton<HostDeliveries>();
        services.AddSingleton<InvocationCounts>();
        services.AddSingleton<ILoggerProvider, BackgroundLog>(_ => new BackgroundLog(Console.Error));
    }
}
