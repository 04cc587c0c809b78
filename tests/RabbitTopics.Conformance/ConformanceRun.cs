using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitTopics.Conformance;
using RabbitTopics.TestSupport;

[assembly: AssemblyFixture(typeof(ConformanceRun))]

namespace RabbitTopics.Conformance;

/// <summary>The app, running on a broker (<c>CONFORMANCE_BROKER</c>; default: <c>RabbitMQ</c>, else a private one) for the
/// tests that share it. Its queues begin with the run's own name.</summary>
public sealed class ConformanceRun : IAsyncLifetime
{
    /// <summary>Queues that the app uses and does not declare.</summary>
    private static readonly string[] PlainQueues = ["seen", "stock", "several", "host", "stock-orders", "stock-text", "stock-second", "stock-timers", "left"];

    private PrivateBroker? _ownBroker;
    private AppProcess _app = null!;
    private readonly ConcurrentBag<Seen> _seen = [];
    private IConnection _connection = null!;
    private IChannel _results = null!;

    public string Name { get; } = $"conformance-{Guid.NewGuid():N}";

    public Uri Broker { get; private set; } = null!;

    /// <summary>What the app's host can do. The app says which host it is, as only the broker is seen of it.</summary>
    public HostCapabilities Capabilities { get; private set; }

    public bool Has(HostCapabilities capability) => Capabilities.HasFlag(capability);

    public async ValueTask InitializeAsync()
    {
        var given = Environment.GetEnvironmentVariable("CONFORMANCE_BROKER") ?? Environment.GetEnvironmentVariable("RabbitMQ");
        if (given is { Length: > 0 })
        {
            Broker = new Uri(given);
        }
        else
        {
            _ownBroker = await PrivateBroker.StartNewAsync();
            Broker = _ownBroker.Uri;
        }

        _connection = await Client.ConnectAsync(Broker);
        await using (var channel = await _connection.CreateChannelAsync())
        {
            foreach (var queue in PlainQueues)
            {
                await channel.QueueDeclareAsync($"{Name}.{queue}", durable: true, exclusive: false, autoDelete: false);
            }

            await channel.QueueDeclareAsync($"{Name}.timers", durable: true, exclusive: false, autoDelete: false);
            await channel.QueueBindAsync($"{Name}.timers", "amq.topic", $"{Name}.from-timer");
            await channel.QueueDeclareAsync($"{Name}.several-topic", durable: true, exclusive: false, autoDelete: false);
            await channel.QueueBindAsync($"{Name}.several-topic", "amq.topic", $"{Name}.several");
            await channel.QueueDeclareAsync($"{Name}.left-topic", durable: true, exclusive: false, autoDelete: false);
            await channel.QueueBindAsync($"{Name}.left-topic", "amq.topic", $"{Name}.left-topic.#");
            await channel.QueueDeclareAsync($"{Name}.collected", durable: true, exclusive: false, autoDelete: false);
            await channel.QueueBindAsync($"{Name}.collected", "amq.topic", $"{Name}.collected.#");
        }

        _results = await _connection.CreateChannelAsync();
        var consumer = new AsyncEventingBasicConsumer(_results);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            _seen.Add(JsonSerializer.Deserialize<Seen>(delivery.Body.Span)!);
            return Task.CompletedTask;
        };
        await _results.BasicConsumeAsync($"{Name}.seen", autoAck: true, consumer);

        _app = AppUnderTest.Start(Broker, Name);
        try
        {
            await AppUnderTest.WaitUntilReadyAsync(Broker, Name);
            Capabilities = await ReadCapabilitiesAsync();
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message} The app printed:\n{_app.Output}", exception);
        }
    }

    /// <summary>What a function of the app has told so far.</summary>
    public IReadOnlyList<Seen> SeenBy(string function) => [.. _seen.Where(seen => seen.Function == function)];

    /// <summary>Waits until a function of the app has told that it saw a value; each test uses values of its own.</summary>
    public Task<Seen> SeenAsync(string function, string value) => SeenAsync(function, seen => seen.Value == value, $"'{value}'");

    /// <summary>Waits until a function of the app has told that it saw anything.</summary>
    public Task<Seen> SeenAsync(string function) => SeenAsync(function, _ => true, "something");

    private async Task<Seen> SeenAsync(string function, Func<Seen, bool> isMeant, string what)
    {
        Seen? found = null;
        await Wait.UntilAsync(
            () => (found = _seen.FirstOrDefault(seen => seen.Function == function && isMeant(seen))) is not null,
            $"function '{function}' to see {what}; the app printed:\n{_app.Output}");
        return found!;
    }

    public Task<IChannel> OpenChannelAsync() => _connection.CreateChannelAsync();

    /// <summary>Publishes with the plain client, as any publisher might.</summary>
    public async Task PublishAsync(string routingKey, ReadOnlyMemory<byte> body, BasicProperties? properties = null, string exchange = "amq.topic")
    {
        await using var channel = await OpenChannelAsync();
        await channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties ?? new BasicProperties(), body);
    }

    public Task PublishAsync(string routingKey, string body, BasicProperties? properties = null) =>
        PublishAsync(routingKey, Encoding.UTF8.GetBytes(body), properties);

    private async Task<HostCapabilities> ReadCapabilitiesAsync()
    {
        await using var channel = await OpenChannelAsync();
        return Encoding.UTF8.GetString((await channel.TakeAsync($"{Name}.host")).Body.Span) switch
        {
            "itself" => HostCapabilities.ConcurrencyPerFunction | HostCapabilities.GracePeriod | HostCapabilities.UnsignedShortHeaders
                | HostCapabilities.OneProcess | HostCapabilities.PromptReconnect | HostCapabilities.ConfirmedOutputs | HostCapabilities.AnyTraceParent,
            "functions host, our extension" => HostCapabilities.ConcurrencyPerFunction | HostCapabilities.UnsignedShortHeaders | HostCapabilities.PromptReconnect
                | HostCapabilities.ConfirmedOutputs | HostCapabilities.AnyTraceParent | HostCapabilities.EndedProcessIsAttempt,
            "functions host, Microsoft's extension" => HostCapabilities.None,
            var other => throw new InvalidOperationException($"The app says that its host is '{other}', which the suite does not know."),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await using (var channel = await _connection.CreateChannelAsync())
        {
            await AppUnderTest.DeleteQueuesAsync(channel, Name);
            foreach (var queue in PlainQueues.Concat(["timers", "several-topic", "left-topic", "collected", "once-output"]))
            {
                await channel.QueueDeleteAsync($"{Name}.{queue}");
            }
        }

        await _connection.DisposeAsync();
        if (_ownBroker is not null)
        {
            await _ownBroker.DisposeAsync();
        }
    }
}
