using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;
using RabbitTopics.WorkerTests.Host;
using RabbitTopics.WorkerTests.Protocol;

namespace RabbitTopics.WorkerTests;

/// <summary>The conformance app as a worker of a host of its own, on a broker. Its queues begin with a name of this run's own.</summary>
public sealed class AppRun : IAsyncDisposable
{
    /// <summary>The queues of the app's functions.</summary>
    private static readonly string[] Queues =
    [
        "typed", "typed-envelope", "bytes", "text", "envelope", "failing-once", "failing", "delayed", "acting", "lasting", "holding", "crashing", "mixed", "fuzzed", "collecting", "leaving", "once", "once-with-output", "stock-orders", "stock-text",
    ];

    /// <summary>What the app may make beside each of them.</summary>
    private static readonly string[] Suffixes = ["", ".dead", ".retry.100", ".retry.1000", ".retry.5000", ".retry.25000"];

    private readonly TestFunctionsHost _host;
    private readonly (string Name, string Value)[] _settings;
    private IConnection? _connection;

    private AppRun(TestFunctionsHost host, Uri broker, (string Name, string Value)[] settings)
    {
        _host = host;
        _settings = settings;
        Broker = broker;
    }

    public Uri Broker { get; }

    public Settlements Settlements => _host.Settlements;

    public string Name { get; } = $"worker-{Guid.NewGuid():N}";

    public HostedWorker Worker { get; private set; } = null!;

    /// <summary>A channel of the plain client.</summary>
    public IChannel Channel { get; private set; } = null!;

    /// <summary>A host, and no worker yet.</summary>
    /// <param name="broker">The app's broker.</param>
    /// <param name="settings">Further settings of the app.</param>
    public static async Task<AppRun> PrepareAsync(Uri broker, params (string Name, string Value)[] settings) => new(await TestFunctionsHost.StartAsync(), broker, settings);

    /// <summary>Starts the app and has it take invocations.</summary>
    public static async Task<AppRun> StartReadyAsync(Uri broker, params (string Name, string Value)[] settings)
    {
        var run = await PrepareAsync(broker, settings);
        try
        {
            await run.OpenAsync();
            run.StartWorker();
            await run.Worker.GetReadyAsync();
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the app's process, or another in place of one that has ended, as a host does.</summary>
    /// <param name="hostAddress">Where it is told that its host is. Default: where it is.</param>
    public void StartWorker(Uri? hostAddress = null) => Worker = _host.StartWorker("tests/RabbitTopics.Conformance.App", hostAddress ?? _host.Address,
    [
        ("RabbitMQ", Broker.OriginalString), ("CONFORMANCE_RUN", Name), ("CONFORMANCE_SCHEDULE", "00:00:01"), .. _settings,
    ]);

    /// <summary>Connects the plain client, and makes the queues that the app needs and does not make.</summary>
    public async Task OpenAsync()
    {
        _connection = await Client.ConnectAsync(Broker);
        Channel = await _connection.CreateChannelAsync();
        foreach (var queue in new[] { "seen", "stock-orders", "stock-text" })
        {
            await Channel.QueueDeclareAsync(Queue(queue), durable: true, exclusive: false, autoDelete: false);
        }
    }

    /// <summary>The full name of a queue of this run.</summary>
    public string Queue(string name) => $"{Name}.{name}";

    /// <summary>A queue that gets what is published to topics of this run.</summary>
    public async Task<string> BindAsync(string pattern)
    {
        var queue = Queue($"bound-{Guid.NewGuid():N}");
        await Channel.QueueDeclareAsync(queue, durable: false, exclusive: true, autoDelete: true);
        await Channel.QueueBindAsync(queue, "amq.topic", Queue(pattern));
        return queue;
    }

    /// <summary>A message published to a topic of this run.</summary>
    public HostMessage Message(string topic, string body, string? messageId = null, params IEnumerable<(string Name, object? Value)> headers) =>
        HostMessage.Of(Queue(topic), body, messageId, headers);

    /// <summary>Takes the copy of a message from a queue, waiting for it; others there are of tests that are over.</summary>
    public async Task<BasicGetResult> TakeCopyAsync(string queue, string messageId)
    {
        while (true)
        {
            var message = await Channel.TakeAsync(Queue(queue));
            if (message.BasicProperties.MessageId == messageId)
            {
                return message;
            }
        }
    }

    /// <summary>Takes the copy of a message from a queue, where it has to be by now.</summary>
    public async Task<BasicGetResult> TakeCopyAtOnceAsync(string queue, string messageId)
    {
        while (await Channel.BasicGetAsync(Queue(queue), autoAck: true) is { } message)
        {
            if (message.BasicProperties.MessageId == messageId)
            {
                return message;
            }
        }

        Assert.Fail($"There is no message '{messageId}' in queue '{queue}'.");
        return null;
    }

    /// <summary>The copies of a message that are in a queue, or in those beside it, by now.</summary>
    public async Task<int> CountCopiesAsync(string queue, string messageId)
    {
        var count = 0;
        foreach (var name in Suffixes.Select(suffix => Queue(queue + suffix)))
        {
            if (await Client.QueueExistsAsync(Broker, name))
            {
                while (await Channel.BasicGetAsync(name, autoAck: true) is { } message)
                {
                    count += message.BasicProperties.MessageId == messageId ? 1 : 0;
                }
            }
        }

        return count;
    }

    /// <summary>Takes what a function told of a message, waiting for it.</summary>
    public async Task<Seen> TakeSeenAsync(string function, string value)
    {
        while (true)
        {
            var seen = JsonSerializer.Deserialize<Seen>((await Channel.TakeAsync(Queue("seen"))).Body.Span)!;
            if (seen.Function == function && seen.Value == value)
            {
                return seen;
            }
        }
    }

    /// <summary>All that the functions told and nobody took.</summary>
    public async Task<IReadOnlyList<Seen>> TakeAllSeenAsync()
    {
        var all = new List<Seen>();
        while (await Channel.BasicGetAsync(Queue("seen"), autoAck: true) is { } message)
        {
            all.Add(JsonSerializer.Deserialize<Seen>(message.Body.Span)!);
        }

        return all;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        if (_connection is null)
        {
            return;
        }

        if (_connection.IsOpen)
        {
            await using var channel = await _connection.CreateChannelAsync();
            await channel.QueueDeleteAsync(Queue("seen"));
            foreach (var queue in Queues.SelectMany(queue => Suffixes.Select(suffix => queue + suffix)))
            {
                await channel.QueueDeleteAsync(Queue(queue));
            }
        }

        await _connection.DisposeAsync();
    }

    /// <summary>How many consumers the queues of the app's functions have.</summary>
    public async Task<uint> CountConsumersAsync()
    {
        var count = 0u;
        foreach (var queue in Queues)
        {
            count += await Channel.ConsumerCountAsync(Queue(queue));
        }

        return count;
    }
}

/// <summary>The app, ready for the invocations of a class of tests.</summary>
public sealed class ReadyApp(SharedBroker shared) : IAsyncLifetime
{
    public AppRun Run { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Run = await AppRun.StartReadyAsync(shared.Uri);

    public ValueTask DisposeAsync() => Run?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>Reads answers and copies.</summary>
public static class Reading
{
    /// <summary>What a function says that it saw, where that is its result.</summary>
    public static Seen Seen(this InvocationResponse answer)
    {
        answer.AssertSuccess();
        return JsonSerializer.Deserialize<Seen>(answer.ReturnValue.Json)!;
    }

    public static void AssertSuccess(this InvocationResponse answer) =>
        Assert.True(answer.Result.Status == StatusResult.Types.Status.Success, $"{answer.Result.Status}: {answer.Result.Exception?.Message}");

    /// <summary>A header that is a text.</summary>
    public static string? Text(this BasicGetResult message, string header) =>
        message.BasicProperties.Headers?.TryGetValue(header, out var value) == true && value is byte[] text ? Encoding.UTF8.GetString(text) : null;

    /// <summary>A header that is a number.</summary>
    public static long Number(this BasicGetResult message, string header) =>
        Convert.ToInt64(message.BasicProperties.Headers![header], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The queue in which a message waited last for its time to be over.</summary>
    public static string WaitedIn(this BasicGetResult message)
    {
        var death = (IDictionary<string, object?>)((IList<object?>)message.BasicProperties.Headers!["x-death"]!)[0]!;
        return Encoding.UTF8.GetString((byte[])death["queue"]!);
    }
}
