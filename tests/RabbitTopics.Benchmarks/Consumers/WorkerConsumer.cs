using System.Globalization;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitTopics.Benchmarks.Handlers;
using RabbitTopics.Functions;

namespace RabbitTopics.Benchmarks.Consumers;

/// <summary>Our side: this program as a function app. All functions start; only the queue of one of them holds
/// messages.</summary>
internal sealed class WorkerConsumer(Uri broker, BenchmarkQueues queues, int concurrency) : IConsumer
{
    private IHost? _host;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.UseRabbitTopics();
        builder.Services.Configure<JsonSerializerOptions>(json => json.TypeInfoResolverChain.Add(BenchmarkJson.Default));

        // Last of all sources, so that no environment and no settings file can change what is measured.
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["RabbitMQ"] = broker.OriginalString,
            ["BENCH_QUEUE"] = queues.Prefix,
            ["AzureFunctionsJobHost:logging:logLevel:default"] = "Warning",
            ["AzureFunctionsJobHost:extensions:rabbitMQ:prefetchCount"] = IConsumer.Prefetch.ToString(CultureInfo.InvariantCulture),
            ["AzureFunctionsJobHost:extensions:rabbitMQ:concurrency"] = concurrency.ToString(CultureInfo.InvariantCulture),
        });
        _host = builder.Build();
        await _host.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _host!.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync(); // Closes the connections.
        }
    }
}
