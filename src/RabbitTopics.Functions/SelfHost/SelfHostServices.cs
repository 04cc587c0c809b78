using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using RabbitTopics.Functions.SelfHost.Health;
using RabbitTopics.Functions.SelfHost.Invocation;
using RabbitTopics.Functions.SelfHost.Settings;
using RabbitTopics.Functions.SelfHost.Timers;
using RabbitTopics.Startup;

namespace RabbitTopics.Functions.SelfHost;

/// <summary>Makes the app run its functions itself: in place of the gRPC worker of a Functions host, a runner of our own.</summary>
internal static class SelfHostServices
{
    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        var problems = new StartupProblems();
        if (configuration["workerId"] is not null && configuration["requestId"] is not null)
        {
            // An app that hosted itself beside such a host would take its messages.
            problems.Add("The Functions host that started this app says where it is in the old way only (--host, --port), which Microsoft's worker does not know either. Use a newer host.");
        }

        ApplySettings(configuration, problems);
        CommandLine.RunOption(configuration);
        CommandLine.Check(configuration, problems);
        UseConsoleLog(services, configuration);
        RemoveHostListener(services, problems);
        UseQuickActivator(services);
        services.Configure<RabbitTopicsOptions>(app => HostJson.ApplyTo(app.Handler, configuration, problems));
        services.AddSingleton(problems);
        services.AddSingleton<InputConverters>();
        services.AddSingleton<RabbitMQOutputWriter>();
        services.AddSingleton<LogScopeReaders>();
        services.AddSingleton<FunctionInvoker>();
        services.AddValidatedOptions<TimerOptions>(options => options.Problems());
        services.AddSingleton<AppTimers>();
        services.AddSingleton<FunctionLoader>();
        services.AddHostedService<HealthEndpoint>();
        services.AddHostedService<FunctionsRunner>();
    }

    private static void ApplySettings(IConfiguration configuration, StartupProblems problems)
    {
        var folder = HostJson.Folder(configuration);
        if (!Directory.Exists(folder))
        {
            problems.Add($"The setting '{HostJson.FolderVariable}' is '{folder}', which is not a folder. Set it to that of host.json, or leave it out.");
            folder = AppContext.BaseDirectory;
        }

        LocalSettings.Apply(configuration, folder, problems);
        HostJson.Apply(configuration, folder, problems);
        HostJson.CheckLogLevels(configuration, problems);
    }

    /// <summary>The worker's own provider writes to a channel that only the connection to a host reads. If it is not there, the app has cleared
    /// its providers, and wants no console either.</summary>
    private static void UseConsoleLog(IServiceCollection services, IConfiguration configuration) => services.AddLogging(logging =>
    {
        logging.AddConfiguration(configuration.GetSection($"{HostJson.Section}:logging"));
        if (services.FirstOrDefault(service => IsOfWorker(service, typeof(ILoggerProvider))) is { } provider)
        {
            services.Remove(provider);
            logging.AddConsole();
            services.Configure<ConsoleLoggerOptions>(console => console.FormatterName ??= ConsoleFormatterNames.Simple); // The app's own choice stays.
            services.Configure<SimpleConsoleFormatterOptions>(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat ??= "HH:mm:ss.fff ";
            });
        }
    });

    /// <summary>The worker's hosted service asks a Functions host for work.</summary>
    private static void RemoveHostListener(IServiceCollection services, StartupProblems problems)
    {
        if (services.FirstOrDefault(service => IsOfWorker(service, typeof(IHostedService))) is not { } listener || !services.Remove(listener))
        {
            problems.Add("UseRabbitTopics found no hosted service of Microsoft's worker, whose place it takes in an app that hosts itself. Use version 2.52.0 of Microsoft.Azure.Functions.Worker.");
        }
    }

    private static void UseQuickActivator(IServiceCollection services)
    {
        if (services.FirstOrDefault(service => IsOfWorker(service, typeof(IFunctionActivator))) is { } activator)
        {
            services.Remove(activator);
            services.AddSingleton<IFunctionActivator, CachingActivator>();
        }
    }

    /// <summary>Its types are not public, so they are known by their assembly.</summary>
    private static bool IsOfWorker(ServiceDescriptor service, Type type) =>
        service.ServiceType == type && service.ImplementationType?.Assembly == typeof(FunctionContext).Assembly;
}
