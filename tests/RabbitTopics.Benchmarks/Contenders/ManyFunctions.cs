using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RabbitTopics.Benchmarks.Measuring;
using RabbitTopics.Benchmarks.Workloads;
using RabbitTopics.Functions;
using RabbitTopics.Health;

namespace RabbitTopics.Benchmarks.Contenders;

/// <summary>A function app with any number of functions, each with a queue of its own that the app declares. They share a method: what they cost beside
/// their code is measured.</summary>
internal static class ManyFunctions
{
    /// <summary>The first argument of this program as such an app.</summary>
    public const string Argument = "many-functions";

    /// <summary>What it prints when every queue is consumed: the milliseconds since its start, and its working set in bytes.</summary>
    public const string Ready = "READY ";

    /// <summary>What it prints when every message was handled: a <see cref="Measurement"/>.</summary>
    public const string Result = "RESULT ";

    public static string Queue(string prefix, int function) => $"{prefix}.{function}";

    public static async Task<int> RunAsync(string prefix, int functions, int messages)
    {
        var tally = Tally.Current = new Tally(messages, lead: messages / 10);
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.UseRabbitTopics();
        builder.Services.Configure<JsonSerializerOptions>(json => json.TypeInfoResolverChain.Add(OrderJson.Default));
        builder.Services.AddSingleton<IFunctionMetadataManager>(new Metadata(prefix, functions));
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["RabbitMQ"] = Environment.GetEnvironmentVariable("RabbitMQ"),
            ["MANY_TOPIC"] = $"{prefix}.none",
            ["AzureFunctionsJobHost:logging:logLevel:default"] = "Warning",
        });
        await using var host = await RunningHost.StartAsync(builder.Build());
        var health = host.Services.GetRequiredService<QueueHealth>();
        while (health.Problems.Count > 0)
        {
            await Task.Delay(10);
        }

        using var process = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Ready}{(DateTime.Now - process.StartTime).TotalMilliseconds:0} {Environment.WorkingSet}"));
        await tally.WaitAsync();
        tally.Check();
        Console.WriteLine(Result + JsonSerializer.Serialize(tally.Measured));
        return 0;
    }

    private sealed class Metadata(string prefix, int functions) : IFunctionMetadataManager
    {
        private static readonly Type Functions = typeof(ManyFunction);

        public Task<ImmutableArray<IFunctionMetadata>> GetFunctionMetadataAsync(string directory) => Task.FromResult(Enumerable.Range(0, functions).Select(function =>
            (IFunctionMetadata)new DefaultFunctionMetadata
            {
                Name = $"Many{function}",
                EntryPoint = $"{Functions.FullName}.{nameof(ManyFunction.Run)}",
                ScriptFile = $"{Functions.Assembly.GetName().Name}.dll",
                Language = "dotnet-isolated",
                RawBindings = [$$"""{"name":"order","type":"rabbitMQTrigger","direction":"In","queueName":"{{Queue(prefix, function)}}","connectionStringSetting":"RabbitMQ"}"""],
            }).ToImmutableArray());
    }
}

/// <summary>The method of all of them.</summary>
public static class ManyFunction
{
    [Function("Many")]
    public static Task Run([RabbitMQTrigger("%MANY_TOPIC%")][TopicSubscription("%MANY_TOPIC%")] Order order) => Tally.Current.HandleAsync(order);
}
