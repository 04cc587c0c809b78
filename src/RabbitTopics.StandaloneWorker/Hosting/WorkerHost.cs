using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitTopics.Settings;
using RabbitTopics.StandaloneWorker.Binding;
using RabbitTopics.StandaloneWorker.Invocation;
using RabbitTopics.StandaloneWorker.Outputs;
using RabbitTopics.StandaloneWorker.Settings;
using RabbitTopics.StandaloneWorker.Triggers.Timer;

namespace RabbitTopics.StandaloneWorker.Hosting;

/// <summary>Makes the generic host that the worker runs in. It is started from empty: what a worker needs is little, and
/// nothing watches files, so that a cold start is short.</summary>
internal static class WorkerHost
{
    /// <summary>Where the Functions host, too, is told the app's folder.</summary>
    private const string ScriptRootVariable = "AzureWebJobsScriptRoot";

    public static HostApplicationBuilder CreateBuilder(string[]? args, FunctionPipeline pipeline)
    {
        var problems = new StartupProblems();
        var folder = Environment.GetEnvironmentVariable(ScriptRootVariable) is { Length: > 0 } root ? root : AppContext.BaseDirectory;
        if (!Directory.Exists(folder))
        {
            problems.Add($"The setting '{ScriptRootVariable}' is '{folder}', which is no folder. Set it to that of host.json, or leave it out.");
            folder = AppContext.BaseDirectory;
        }

        LocalSettings.Apply(folder, problems);

        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings
        {
            ContentRootPath = folder,
            EnvironmentName = Environment.GetEnvironmentVariable("AZURE_FUNCTIONS_ENVIRONMENT") ?? Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT"),
        });
        HostJson.AddTo(builder.Configuration, folder, problems);
        builder.Configuration.AddEnvironmentVariables();
        if (args is { Length: > 0 })
        {
            builder.Configuration.AddCommandLine(args);
        }

        HealthProbe.RunIfAsked(args, builder.Configuration);
        HostJson.CheckLogLevels(builder.Configuration, problems);
        builder.Logging.AddConfiguration(builder.Configuration.GetSection($"{HostJson.Section}:logging"));
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });

        builder.Services.AddRabbitTopics();
        builder.Services.Configure<RabbitTopicsOptions>(app => app.Handler = HostJson.ReadHandlerOptions(app.Handler, builder.Configuration, problems));
        builder.Services.AddOptions<WorkerOptions>().Configure(worker =>
        {
            worker.InputConverters.Register<ContextConverter>();
            worker.InputConverters.Register<BodyConverter>();
            worker.InputConverters.Register<BindingDataConverter>();
            worker.InputConverters.Register<JsonBodyConverter>();
        });
        builder.Services.AddSingleton(problems);
        builder.Services.AddSingleton(pipeline);
        builder.Services.AddSingleton<SettingReferences>();
        builder.Services.AddSingleton<InputConverters>();
        builder.Services.AddSingleton<ParameterBinder>();
        builder.Services.AddSingleton<RabbitMQOutputWriter>();
        builder.Services.AddSingleton<FunctionInvoker>();
        builder.Services.AddOptions<TimerOptions>();
        builder.Services.AddSingleton<AppTimers>();
        builder.Services.AddSingleton<FunctionLoader>();
        builder.Services.AddHostedService<HealthEndpoint>();
        builder.Services.AddHostedService<FunctionsWorker>();
        return builder;
    }
}
