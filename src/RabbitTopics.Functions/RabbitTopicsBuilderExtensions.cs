using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.Converters;
using RabbitTopics.Functions.Middleware;
using RabbitTopics.Functions.Startup;
using RabbitTopics.Settings;

namespace RabbitTopics.Functions;

/// <summary>Puts RabbitTopics into a function app.</summary>
public static class RabbitTopicsBuilderExtensions
{
    /// <summary>Adds everything that functions with topics need: the topology of their attributes, the message's envelope, the
    /// publishing of outputs, and <see cref="Publish.ITopicPublisher"/> as a service.</summary>
    /// <param name="builder">The app.</param>
    /// <param name="configure">Changes the app's defaults.</param>
    public static IFunctionsWorkerApplicationBuilder UseRabbitTopics(
        this IFunctionsWorkerApplicationBuilder builder, Action<RabbitTopicsOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<IReadOnlyList<FunctionDescription>>(_ => FunctionCatalog.Load());
        builder.Services.AddSingleton(services => new TopologyOfFunctions(
            services.GetRequiredService<IOptions<RabbitTopicsOptions>>().Value,
            services.GetRequiredService<SettingReferences>(),
            services.GetRequiredService<IConfiguration>()).Build(services.GetRequiredService<IReadOnlyList<FunctionDescription>>()));
        builder.Services.AddRabbitTopics();
        builder.Services.AddOptions<RabbitTopicsOptions>().Configure<SettingReferences, IReadOnlyList<FunctionDescription>>((options, settings, functions) =>
            new HandlerOptionsOfFunctions(settings).Apply(functions, options));
        if (configure is not null)
        {
            builder.Services.Configure(configure);
        }

        builder.Services.AddOptions<RabbitTopicsOptions>().PostConfigure<IConfiguration>((options, configuration) =>
            options.Topology = TopologySetting.Read(configuration) ?? options.Topology);

        builder.Services.Configure<WorkerOptions>(worker =>
        {
            worker.InputConverters.RegisterAt<InvocationFeatureConverter>(0);
            worker.InputConverters.RegisterAt<BodyConverter>(1);
        });
        builder.Services.AddSingleton<TriggerQueues>();
        builder.Services.AddSingleton<HostDeliveries>();
        HostServices.Add(builder.Services);
        builder.UseMiddleware<TopicMessageMiddleware>();
        builder.UseMiddleware<DeduplicationMiddleware>();
        builder.UseMiddleware<TopicOutputMiddleware>();
        return builder;
    }
}
