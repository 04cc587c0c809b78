using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitTopics.StandaloneWorker.Hosting;
using RabbitTopics.StandaloneWorker.Invocation;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Puts a function app together: services, settings and middleware.</summary>
public class FunctionsApplicationBuilder : IHostApplicationBuilder, IFunctionsWorkerApplicationBuilder
{
    private readonly HostApplicationBuilder _host;
    private readonly FunctionPipeline _pipeline = new();

    internal FunctionsApplicationBuilder(string[]? args) => _host = WorkerHost.CreateBuilder(args, _pipeline);

    /// <summary>The app's services.</summary>
    public IServiceCollection Services => _host.Services;

    /// <summary>The app's settings.</summary>
    public ConfigurationManager Configuration => _host.Configuration;

    /// <summary>Where the app runs.</summary>
    public IHostEnvironment Environment => _host.Environment;

    /// <summary>The app's logging.</summary>
    public ILoggingBuilder Logging => _host.Logging;

    /// <summary>The app's metrics.</summary>
    public IMetricsBuilder Metrics => _host.Metrics;

    /// <summary>What the steps of building leave for one another.</summary>
    public IDictionary<object, object> Properties => ((IHostApplicationBuilder)_host).Properties;

    IConfigurationManager IHostApplicationBuilder.Configuration => _host.Configuration;

    /// <summary>Adds a step to the pipeline, after those added before.</summary>
    /// <param name="middleware">Makes the step from the one that follows it.</param>
    public IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware)
    {
        ArgumentNullException.ThrowIfNull(middleware);
        _pipeline.Use(middleware);
        return this;
    }

    /// <summary>Uses another container for services.</summary>
    public void ConfigureContainer<TContainerBuilder>(
        IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null)
        where TContainerBuilder : notnull =>
        _host.ConfigureContainer(factory, configure);

    /// <summary>Builds the app. Mistakes in files, settings and functions are reported when it is run.</summary>
    public IHost Build() => _host.Build();
}
