using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitTopics.Functions;

namespace RabbitTopics.BrokerTests.Telemetry;

/// <summary>A timer that publishes, a handler that fails once and publishes, a second handler: as an app that hosts itself, in this process.</summary>
public sealed class TracedFunctions(TracedFunctions.Seen seen)
{
    /// <summary>What the second handler saw.</summary>
    public sealed class Seen
    {
        /// <summary>The trace of its context, by its body.</summary>
        public ConcurrentDictionary<string, string> TraceParents { get; } = new();
    }

    [TopicOutput("%RUN%.first")]
    public static string Tick(string timer) => timer.Length > 0 ? "tick" : "";

    [TopicOutput("%RUN%.second")]
    [ErrorPolicy(ErrorAction.Retry, Delays = "00:00:00.100")]
    public static string First([TopicSubscription("%RUN%.first")] TopicMessage message, FunctionContext context)
    {
        context.GetLogger(nameof(First)).LogWarning("At work.");
        return message.Attempt == 1 ? throw new InvalidOperationException("It fails the first time.") : "second";
    }

    public void Second([TopicSubscription("%RUN%.second")] string text, FunctionContext context) => seen.TraceParents[text] = context.TraceContext.TraceParent;

    /// <summary>The app, started.</summary>
    /// <param name="uri">The broker.</param>
    /// <param name="run">What its topics and queues begin with.</param>
    /// <param name="functions">Which of the functions it has.</param>
    internal static Task<IHost> StartAsync(Uri uri, string run, params string[] functions) => StartAsync(uri, run, _ => { }, functions);

    /// <summary>The same, with further services.</summary>
    internal static async Task<IHost> StartAsync(Uri uri, string run, Action<IServiceCollection> configure, params string[] functions)
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration.AddInMemoryCollection([new("RabbitMQ", uri.OriginalString), new("RUN", run), new("RABBITTOPICS_APP_NAME", run), new("AzureFunctionsJobHost:logging:logLevel:default", "Warning")]);
        builder.UseRabbitTopics();
        builder.Services.Configure<TimerOptions>(timers => timers.AppName = run);
        builder.Services.AddSingleton<Seen>();
        builder.Services.AddSingleton<IFunctionMetadataProvider>(new Metadata([.. functions.Select(Function)]));
        configure(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static IFunctionMetadata Function(string name) => new DefaultFunctionMetadata
    {
        Name = name,
        EntryPoint = $"{typeof(TracedFunctions).FullName}.{name}",
        ScriptFile = $"{typeof(TracedFunctions).Assembly.GetName().Name}.dll",
        RawBindings =
        [
            name == nameof(Tick) ? """{"name":"timer","type":"timerTrigger","direction":"In","schedule":"0 0 0 1 1 *","runOnStartup":true,"useMonitor":false}"""
            : JsonSerializer.Serialize(new { name = name == nameof(First) ? "message" : "text", type = "rabbitMQTrigger", direction = "In", queueName = $"%RUN%.{name}", connectionStringSetting = "RabbitMQ" }),
        ],
    };

    private sealed class Metadata(ImmutableArray<IFunctionMetadata> functions) : IFunctionMetadataProvider
    {
        public Task<ImmutableArray<IFunctionMetadata>> GetFunctionMetadataAsync(string directory) => Task.FromResult(functions);
    }
}
