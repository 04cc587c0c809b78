using System.Text.Json;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;
using RabbitTopics.WorkerTests.Host;

namespace RabbitTopics.WorkerTests;

/// <summary>The traced app as a worker of a host of its own, on a broker, and the spans that it made.</summary>
internal sealed class TracedRun : IAsyncDisposable
{
    private static readonly string[] Functions = ["First", "Second", "Context"];
    private static readonly string[] Suffixes = ["", ".dead", ".retry.100", ".retry.1000", ".retry.5000", ".retry.25000"];

    private readonly TestFunctionsHost _host;
    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private TracedRun(Uri broker, TestFunctionsHost host, IConnection connection, IChannel channel) => (Broker, _host, _connection, _channel) = (broker, host, connection, channel);

    public Uri Broker { get; }

    /// <summary>What its topics and queues begin with.</summary>
    public string Name { get; } = $"traced-{Guid.NewGuid():N}";

    public HostedWorker Worker { get; private set; } = null!;

    /// <summary>Starts the app and has it take invocations.</summary>
    /// <param name="broker">Its broker.</param>
    /// <param name="spansOf">Whose spans it takes: "ours", "client", "worker", with commas between.</param>
    public static async Task<TracedRun> StartAsync(Uri broker, string spansOf)
    {
        var connection = await Client.ConnectAsync(broker);
        var run = new TracedRun(broker, await TestFunctionsHost.StartAsync(), connection, await connection.CreateChannelAsync());
        try
        {
            run.Worker = run._host.StartWorker("tests/RabbitTopics.Tracing.App", ("RabbitMQ", broker.OriginalString), ("RUN", run.Name), ("SPANS_OF", spansOf));
            await run.Worker.GetReadyAsync();
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes the next message of a function's queue, waiting for it, and hands it on, as the host does.</summary>
    /// <returns>The message.</returns>
    public async Task<BasicGetResult> DeliverAsync(string function)
    {
        var message = await _channel.TakeAsync($"{Name}.{function}");
        (await Worker.InvokeAsync(function, HostMessage.Of(message))).AssertSuccess();
        return message;
    }

    /// <summary>Waits until the app has made so many spans, and gives them in the order in which they ended.</summary>
    public async Task<IReadOnlyList<Span>> WaitForSpansAsync(int count)
    {
        await Wait.UntilAsync(() => Spans().Count >= count, $"{count} spans");
        return Spans();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        foreach (var queue in Functions.SelectMany(function => Suffixes.Select(suffix => $"{Name}.{function}{suffix}")))
        {
            await _channel.QueueDeleteAsync(queue);
        }

        await _connection.DisposeAsync();
    }

    private List<Span> Spans() => [.. Worker.Output.Split('\n').Where(line => line.StartsWith("span ", StringComparison.Ordinal)).Select(line => JsonSerializer.Deserialize<Span>(line[5..])!)];

    /// <summary>A span as the app tells it.</summary>
    internal sealed record Span(string Source, string Name, string Kind, string TraceId, string SpanId, string ParentId, string? State, string Status, string[] Links, Dictionary<string, string> Attributes)
    {
        /// <summary>An attribute; null where there is none of the name.</summary>
        public string? this[string attribute] => Attributes.GetValueOrDefault(attribute);
    }
}
