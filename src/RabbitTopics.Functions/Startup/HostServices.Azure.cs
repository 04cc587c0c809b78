using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitTopics.Functions.Converters;
using RabbitTopics.Functions.Watch;

namespace RabbitTopics.Functions.Startup;

/// <summary>What Microsoft's host needs besides.</summary>
internal static class HostServices
{
    public static void Add(IServiceCollection services)
    {
        // First of all: the worker's own service answers the host, which then looks for the queues.
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TopologyAtStart>());
        services.AddHostedService<ListenerWatch>();
        services.AddSingleton<IFunctionMetadataTransformer, BinaryTriggers>();

        // Before the converter of bodies, which would take a TopicMessage<T> for one.
        services.Configure<WorkerOptions>(worker => worker.InputConverters.RegisterAt<GenericTypesConverter>(1));
    }
}
