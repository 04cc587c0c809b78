using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Health;
using RabbitTopics.Messages;
using RabbitTopics.Receiving;
using RabbitTopics.TestSupport;
using RabbitTopics.Topology;

namespace RabbitTopics.BrokerTests;

/// <summary>The library's services on a broker, as an app has them, and the plain client beside them.</summary>
public sealed class Library : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly IConnection _connection;

    private Library(Uri uri, ServiceProvider services, IConnection connection, IChannel channel)
    {
        Uri = uri;
        _services = services;
        _connection = connection;
        Channel = channel;
    }

    public Uri Uri { get; }

    /// <summary>A channel of the plain client.</summary>
    public IChannel Channel { get; }

    /// <summary>A queue of this test's own.</summary>
    public string Queue { get; } = $"test-{Guid.NewGuid():N}";

    /// <summary>What the services log.</summary>
    public CollectingLogger Log { get; private init; } = new();

    internal QueueHealth Health => Get<QueueHealth>();

    internal RabbitTopics.Brokers.Broker Broker => Get<RabbitTopics.Brokers.AppBrokers>().Get("RabbitMQ");

    /// <param name="uri">The broker.</param>
    /// <param name="configure">Changes the options.</param>
    /// <param name="brokerOfServices">Another way to the broker, which the services take.</param>
    public static async Task<Library> OnAsync(Uri uri, Action<RabbitTopicsOptions>? configure = null, Uri? brokerOfServices = null)
    {
        var log = new CollectingLogger();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("RabbitMQ", (brokerOfServices ?? uri).OriginalString)]).Build());
        services.AddLogging(logging => logging.AddProvider(new SingleLoggerProvider(log)));
        services.AddRabbitTopics();
        services.Configure(configure ?? (_ => { }));
        var connection = await Client.ConnectAsync(uri);
        return new Library(uri, services.BuildServiceProvider(), connection, await connection.CreateChannelAsync()) { Log = log };
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>What <see cref="Consumer(Func{Delivery, CancellationToken, ValueTask}, HandlerOptions?, string?)"/> is made with: the queue is
    /// declared, and bound to <c>amq.topic</c> by its name.</summary>
    internal QueueConsumerOptions Consuming(string? queue = null, string? type = null) => new()
    {
        Queue = queue ?? Queue,
        Handler = "Test",
        Topology = new QueueTopology("RabbitMQ", queue ?? Queue, [new TopicBinding("amq.topic", queue ?? Queue)])
        {
            Properties = new QueueProperties { Arguments = type is null ? [] : new Dictionary<string, object?> { ["x-queue-type"] = type } },
        },
    };

    /// <summary>A consumer of a queue, this test's own where none is named, that has not started.</summary>
    internal QueueConsumer Consumer(Func<Delivery, CancellationToken, ValueTask> handle, HandlerOptions? options = null, string? queue = null) =>
        Consumer(Consuming(queue) with { HandlerOptions = options ?? new() }, handle);

    /// <summary>A consumer that has not started.</summary>
    internal QueueConsumer Consumer(QueueConsumerOptions options, Func<Delivery, CancellationToken, ValueTask> handle) => new(Broker, Health, options, handle, Log);

    /// <summary>Declares this test's queue and the one for its dead letters, whose name it gives.</summary>
    public async Task<string> DeclareQueuesAsync()
    {
        var dead = $"{Queue}.dead";
        foreach (var queue in new[] { Queue, dead })
        {
            await Channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);
        }

        return dead;
    }

    /// <summary>Publishes a text to a queue with the plain client, unconfirmed; to this test's own where none is named.</summary>
    public async Task SendAsync(string body, string? queue = null) =>
        await Channel.BasicPublishAsync("", queue ?? Queue, mandatory: true, Encoding.UTF8.GetBytes(body));

    /// <summary>Deletes a queue and what was made beside it.</summary>
    public async Task DeleteQueueAsync(string queue)
    {
        foreach (var suffix in new[] { "", ".dead", ".retry.100", ".retry.1000", ".retry.5000", ".retry.25000", ".retry.60000" })
        {
            await Channel.QueueDeleteAsync(queue + suffix);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        if (Channel.IsOpen)
        {
            try
            {
                await DeleteQueueAsync(Queue);
            }
            catch (OperationInterruptedException)
            {
                // A user that may not delete a queue has not made one.
            }
        }

        await Channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
