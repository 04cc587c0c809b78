using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RabbitTopics.Connections;
using RabbitTopics.Functions.Binding;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.FunctionsHost;
using RabbitTopics.Functions.Middleware;
using RabbitTopics.Functions.SelfHost;
using RabbitTopics.Topology;

namespace RabbitTopics.Functions;

/// <summary>Puts RabbitTopics into a function app.</summary>
public static class RabbitTopicsBuilderExtensions
{
    /// <summary>Adds everything that functions with topics need: the topology of their attributes, the message's envelope, the
    /// publishing of outputs, and <see cref="ITopicPublisher"/> as a service. An app that no Functions host has started hosts
    /// itself: it takes its messages and runs its timers in this process. Call it first: it applies local.settings.json, and middleware
    /// that is added before it does not see the message in a Functions host. A second call only adds to the options.</summary>
    /// <param name="builder">The app.</param>
    /// <param name="configure">Changes the app's defaults.</param>
    /// <exception cref="InvalidOperationException">The builder is of no app that has a configuration.</exception>
    public static IFunctionsWorkerApplicationBuilder UseRabbitTopics(
        this IFunctionsWorkerApplicationBuilder builder, Action<RabbitTopicsOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Services.Any(service => service.ServiceType == typeof(TriggerQueues)))
        {
            builder.Services.Configure(configure ?? (static _ => { })); // A second call only adds to the options.
            return builder;
        }

        var configuration = ConfigurationOf(builder);
        var isHosted = IsHosted(configuration);
        if (isHosted)
        {
            FunctionsHostServices.Add(builder.Services, configuration); // First, as its options are the defaults of those that follow.
        }
        else
        {
            SelfHostServices.Add(builder.Services, configuration);
        }

        builder.Services.AddSingleton(services => FunctionCatalog.Read(services.GetRequiredService<IFunctionMetadataManager>()));
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

        builder.Services.AddOptions<RabbitTopicsOptions>().PostConfigure<IConfiguration>((options, settings) =>
            options.Topology = TopologySetting.Read(settings) ?? options.Topology);

        builder.Services.Configure<WorkerOptions>(worker =>
        {
            worker.InputConverters.RegisterAt<InvocationFeatureConverter>(0);
            worker.InputConverters.RegisterAt<GenericTypesConverter>(1); // Before the next, which would take a TopicMessage<T> for a body.
            worker.InputConverters.RegisterAt<BodyConverter>(2);
        });
        builder.Services.AddSingleton<TriggerQueues>();

        // Microsoft's worker makes these by reflection; named as services, they are kept in a trimmed program.
        builder.Services.AddSingleton<InvocationFeatureConverter>();
        builder.Services.AddSingleton<GenericTypesConverter>();
        builder.Services.AddSingleton<BodyConverter>();
        builder.Services.AddSingleton<TopicOutputMiddleware>();
        if (isHosted)
        {
            builder.UseMiddleware<TimerSpanMiddleware>();
            builder.UseMiddleware<TopicMessageMiddleware>();
            builder.UseMiddleware<DeduplicationMiddleware>();
        }

        builder.UseMiddleware<TopicOutputMiddleware>();
        return builder;
    }

    /// <summary>Whether a Functions host has started this process: it says where it is, or has loaded the app into a process of its
    /// own.</summary>
    private static bool IsHosted(IConfiguration configuration) =>
        configuration["Functions:Worker:HostEndpoint"] is { Length: > 0 } || AppContext.GetData("AZURE_FUNCTIONS_NATIVE_HOST") is not null;

    private static IConfiguration ConfigurationOf(IFunctionsWorkerApplicationBuilder builder) =>
        builder.Services.Select(service => service.ImplementationInstance).OfType<HostBuilderContext>().FirstOrDefault()?.Configuration
        ?? throw new InvalidOperationException("This app has no configuration yet. Call UseRabbitTopics on the builder of FunctionsApplication.CreateBuilder, or within ConfigureFunctionsWorkerDefaults.");
}
