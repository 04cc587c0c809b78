using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.Rpc;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitTopics;
using RabbitTopics.Brokers;
using RabbitTopics.HostExtension;
using RabbitTopics.Topology;
using RabbitTopics.WebJobs;
using RabbitTopics.WebJobs.Settling;
using RabbitTopics.WebJobs.Triggers;

namespace Microsoft.Extensions.Hosting;

/// <summary>Puts RabbitMQ into a WebJobs host.</summary>
public static class RabbitMQWebJobsBuilderExtensions
{
    /// <summary>Adds the triggers and outputs of <see cref="RabbitMQTriggerAttribute"/> and <see cref="RabbitMQAttribute"/>.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="configure">Changes the defaults of the host's functions, after host.json.</param>
    public static IWebJobsBuilder AddRabbitMQ(this IWebJobsBuilder builder, Action<RabbitTopicsOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddLibrary();
        services.Replace(ServiceDescriptor.Singleton<AppBrokers, HostBrokers>());
        services.TryAddSingleton(provider => new ExtensionLog(provider.GetRequiredService<ILoggerFactory>()));
        services.TryAddSingleton<DeliveriesAtWork>();
        services.TryAddSingleton<StopLimit>();
        services.TryAddSingleton<QueueTriggers>();
        services.AddOptions<RabbitTopicsOptions>().Configure<IOptions<TriggerOptions>, IConfiguration>((options, hostJson, settings) =>
        {
            hostJson.Value.ApplyTo(options.Handler, "extensions.rabbitMQ in host.json");
            options.Topology = TopologySetting.Read(settings) ?? options.Topology;
        });
        services.Configure(configure ?? (static _ => { }));
        builder.AddExtension<RabbitMQExtension>()
            .ConfigureOptions<TriggerOptions>((configuration, path, options) => configuration.GetSection(path).Bind(options))
            .MapWorkerGrpcService<SettlementService>();
        return builder;
    }

    /// <summary>A WebJobs host disposes its services synchronously, and ends by what one of them throws.</summary>
    private sealed class HostBrokers(IConfiguration configuration, AppTopology topology, IOptions<RabbitTopicsOptions> options, ExtensionLog log)
        : AppBrokers(configuration, topology, options, log), IDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

        public void Dispose() => Task.WaitAny([DisposeAsync().AsTask()], Patience);
    }
}
