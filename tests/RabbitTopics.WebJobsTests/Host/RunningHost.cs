using System.Text;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.WebJobsTests.Host;

/// <summary>A WebJobs host with the extension and one function, on a queue of its own.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly IConnection? _connection;
    private bool _isStarted;

    private RunningHost(Uri broker, string queue, IHost host, CollectingLogger log, IConnection? connection, IChannel channel)
    {
        (Broker, Queue, _host, Log, _connection, Channel) = (broker, queue, host, log, connection, channel);
    }

    public Uri Broker { get; }

    /// <summary>The queue of the function's trigger.</summary>
    public string Queue { get; }

    public string DeadQueue => $"{Queue}.dead";

    /// <summary>A channel of the plain client, which confirms; null where the broker was down.</summary>
    public IChannel Channel { get; }

    public IServiceProvider Services => _host.Services;

    public CollectingLogger Log { get; }

    /// <summary>A name for a queue that is not there.</summary>
    public static string NewQueue() => $"webjobs-{Guid.NewGuid():N}";

    /// <summary>Starts a host.</summary>
    /// <param name="broker">The broker of its setting <c>RabbitMQ</c>.</param>
    /// <param name="function">What the function does.</param>
    /// <param name="trigger">The binding of its trigger, without name and queue, as a functions.metadata has it.</param>
    /// <param name="configure">Changes the extension's options.</param>
    /// <param name="settings">Further settings.</param>
    /// <param name="outputs">Bindings of outputs, likewise; the function fills them by <see cref="Invocation.PublishAsync"/>.</param>
    /// <param name="isBrokerUp">Whether the broker can be reached now.</param>
    /// <param name="timeToStop">How long the host may take to stop.</param>
    /// <param name="queue">The queue of the trigger. Default: one with a name of its own.</param>
    public static async Task<RunningHost> StartAsync(Uri broker, Func<Invocation, Task> function, string trigger = """{"topics":"#none"}""", Action<RabbitTopicsOptions>? configure = null,
        (string Name, string Value)[]? settings = null, string[]? outputs = null, bool isBrokerUp = true, TimeSpan? timeToStop = null, string? queue = null)
    {
        queue ??= NewQueue();
        var log = new CollectingLogger();
        var connection = isBrokerUp ? await Client.ConnectAsync(broker) : null;
        var channel = connection is null ? null! : await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        DynamicFunction? dynamic = null;
        var host = new HostBuilder()
            .ConfigureWebJobs(webJobs => webJobs.AddRabbitMQ(configure))
            // After ConfigureWebJobs, which adds the environment.
            .ConfigureAppConfiguration(configuration => configuration.AddInMemoryCollection(
            [
                new("RabbitMQ", broker.OriginalString), new("Queue", queue), .. (settings ?? []).Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)),
            ]))
            .ConfigureServices(services =>
            {
                services.AddSingleton<ITypeLocator>(provider => new LateTypes(() => dynamic!.Type));
                services.Configure<HostOptions>(options => options.ShutdownTimeout = timeToStop ?? Wait.Patience);
            })
            .ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.Information).AddProvider(new SingleLoggerProvider(log)))
            .Build();
#pragma warning disable CS0618 // As a Functions host does.
        dynamic = DynamicFunction.Make(host.Services.GetRequiredService<IJobHostMetadataProvider>(), queue, trigger, outputs ?? [], function);
#pragma warning restore CS0618
        var running = new RunningHost(broker, queue, host, log, connection, channel);
        try
        {
            await host.StartAsync();
            running._isStarted = true;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }

        return running;
    }

    /// <summary>Waits until the function's queue is consumed.</summary>
    public async Task<RunningHost> ConsumingAsync()
    {
        await Client.WaitForConsumersAsync(Broker, Queue);
        return this;
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>Publishes to the function's queue, confirmed.</summary>
    public async Task SendAsync(string body, BasicProperties? properties = null) =>
        await Channel.BasicPublishAsync("", Queue, mandatory: true, properties ?? new BasicProperties(), Encoding.UTF8.GetBytes(body));

    public Task<BasicGetResult> TakeDeadAsync() => Client.TakeAsync(Broker, DeadQueue);

    public async Task StopAsync()
    {
        _isStarted = false;
        await _host.StopAsync();
    }

    public Task<uint> CountAsync() => Client.CountAsync(Broker, Queue);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await (_isStarted ? StopAsync() : Task.CompletedTask);
        }
        finally
        {
            _host.Dispose();
            if (_connection is not null)
            {
                await _connection.DisposeAsync();
            }

            foreach (var suffix in new[] { "", ".dead", ".retry.100", ".retry.1000", ".retry.5000", ".retry.25000" })
            {
                await Client.TryDeleteQueueAsync(Broker, Queue + suffix);
            }
        }
    }

    private sealed class LateTypes(Func<Type> type) : ITypeLocator
    {
        public IReadOnlyList<Type> GetTypes() => [type()];
    }
}
