using RabbitTopics.Benchmarks.Measuring;
using RabbitTopics.Benchmarks.Workloads;

namespace RabbitTopics.Benchmarks.Contenders;

/// <summary>A way to write an app on RabbitMQ. The queue is there; nothing is declared that an app does not need.</summary>
internal interface IContender
{
    /// <summary>Takes the messages of a queue to <see cref="Tally.Current"/>, each acknowledged by itself after it was handled, until the
    /// result is disposed. Nothing that was handled is left unacknowledged then.</summary>
    Task<IAsyncDisposable> ConsumeAsync(string queue, ushort concurrency, ushort prefetch);

    /// <summary>Publishes persistent messages to a topic exchange, with the queue's name as their topic.</summary>
    Task<IPublishing> OpenPublisherAsync(string exchange, string queue);
}

/// <summary>A publisher at work.</summary>
internal interface IPublishing : IAsyncDisposable
{
    /// <summary>Returns when the broker has confirmed the message. May be called side by side.</summary>
    Task PublishAsync(Order order);

    /// <summary>Publishes several, as the library has it for a batch, and returns when the broker has confirmed all of them. Default: side by
    /// side.</summary>
    Task PublishAllAsync(IEnumerable<Order> orders) => Task.WhenAll(orders.Select(PublishAsync));
}

/// <summary>The contenders by their names.</summary>
internal static class ContenderNames
{
    public const string Raw = "raw";

    /// <summary>Those that are compared where nothing else is asked for.</summary>
    public static IReadOnlyList<string> Default { get; } = [Raw, "ours", "masstransit", "wolverine"];

    /// <summary>Those that must be asked for: what the headers cost that ours writes, what traces cost, and those that do wrong, which a test has caught.</summary>
    public static IReadOnlyList<string> Others { get; } = ["raw-headers", "ours-traced", .. Enum.GetNames<Sabotage>().Select(sabotage => $"sabotage-{sabotage.ToLowerInvariant()}")];

    public static IContender Create(string name, Uri broker) => name switch
    {
        Raw => new RawContender(broker),
        "raw-headers" => new RawWithHeadersContender(broker),
        "ours" => new OurContender(broker),
        "ours-traced" => new OurContender(broker, sampled: 100),
        "masstransit" => new MassTransitContender(broker),
        "wolverine" => new WolverineContender(broker),
        _ => new SabotagedContender(broker, Enum.Parse<Sabotage>(name["sabotage-".Length..], ignoreCase: true)),
    };
}
