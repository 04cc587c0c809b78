using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.DeadLetters;
using RabbitTopics.Deduplication;
using RabbitTopics.Health;
using RabbitTopics.Messages;
using RabbitTopics.Startup;
using RabbitTopics.Topics;
using RabbitTopics.Topology;

namespace RabbitTopics;

/// <summary>Registers the library's services.</summary>
public static class RabbitTopicsServices
{
    /// <summary>Adds brokers, topology, JSON bodies and <see cref="ITopicPublisher"/>; a second call adds nothing.</summary>
    public static IServiceCollection AddRabbitTopics(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(AppBrokers)))
        {
            return services;
        }

        services.AddLibrary();
        services.AddHealthChecks().AddCheck<BrokerHealthCheck>(BrokerHealthCheck.Name);
        return services;
    }

    /// <summary>Adds the same without the health check.</summary>
    internal static void AddLibrary(this IServiceCollection services)
    {
        services.AddValidatedOptions<RabbitTopicsOptions>(options => options.Problems());
        services.Configure<JsonSerializerOptions>(json => json.PropertyNameCaseInsensitive = true); // As the Functions worker has it.
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<AppTopology>();
        services.TryAddSingleton<QueueHealth>();
        services.TryAddSingleton<AppBrokers>();
        services.TryAddSingleton<SettingReferences>();
        services.TryAddSingleton<JsonBody>();
        services.TryAddSingleton<MessageBody>();
        services.TryAddSingleton<IDeduplicationStore, DeduplicationWindow>();
        services.TryAddSingleton<Deduplicator>();
        services.TryAddSingleton<ITopicPublisher, TopicPublisher>();
        services.TryAddSingleton<IDeadLetters, AppDeadLetters>();
    }
}
