using RabbitTopics.Topology;
using static RabbitTopics.Startup.OptionsValidation;

namespace RabbitTopics;

/// <summary>What holds for the whole app.</summary>
public sealed class RabbitTopicsOptions
{
    private readonly List<(string Handler, Action<HandlerOptions> Change)> _changes = [];

    /// <summary>The exchange that topics are published to and subscribed on, where an attribute or a call names none.
    /// Default: <c>amq.topic</c>, the durable topic exchange that every broker has.</summary>
    public string Exchange { get; set; } = "amq.topic";

    /// <summary>What an exchange is declared as, where neither an attribute nor its name (<c>amq.*</c>) says: topic, direct, fanout or headers.
    /// One that is there must be of the same type. Default: <c>topic</c>.</summary>
    public string ExchangeType { get; set; } = RabbitMQ.Client.ExchangeType.Topic;

    /// <summary>The name of the setting that holds the broker's URI, where an attribute or a call names none. Default:
    /// <c>RabbitMQ</c>.</summary>
    public string ConnectionStringSetting { get; set; } = "RabbitMQ";

    /// <summary>The name of the header that carries the topic. Default: <c>Micro-Topic</c>, as go-micro has it.</summary>
    public string TopicHeader { get; set; } = HeaderNames.Topic;

    /// <summary>How long a publish may take, from the call to the broker's confirm, waiting for the connection included.
    /// Default: 10 seconds.</summary>
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether a published message that reaches no queue is an error (<see cref="PublishReturnedException"/>), where neither the call nor
    /// the attribute says. Default: true.</summary>
    public bool Mandatory { get; set; } = true;

    /// <summary>Whether every published body is JSON, as go-micro services need it: text is written as a JSON string, and bytes, which must hold
    /// JSON, go as they are with the content type <c>application/json</c>. Default: false, they go as <c>text/plain</c> and
    /// <c>application/octet-stream</c>.</summary>
    public bool PublishAllAsJson { get; set; }

    /// <summary>How many publishes to one exchange may wait for the broker's confirm at once; further calls wait
    /// for their turn, within their timeout. Default: 1000.</summary>
    public int MaxPublishesInFlight { get; set; } = 1000;

    /// <summary>How many bytes all publishes to one exchange may have that wait for the broker, those that wait for their turn included: their
    /// bodies, and 1 KiB for the rest of each. A further call fails at once with <see cref="PublishBacklogException"/>: who publishes faster than the broker takes, or while it
    /// is down, and does not await that, would use up the memory. Default: 256 MiB.</summary>
    public long MaxPublishBacklogBytes { get; set; } = 256 * 1024 * 1024;

    /// <summary>The longest body that is published, in bytes. Default: 16 MiB, the most that RabbitMQ 4 takes as it
    /// comes.</summary>
    public long MaxMessageBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>The longest body that undoing a content encoding may make, in bytes: a small message can decode to any size. A
    /// longer one is parked. Default: 64 MiB.</summary>
    public long MaxDecodedBodyBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>How many ids of handled messages are kept in memory, the last ones of each handler with
    /// <see cref="HandlerOptions.Deduplicate"/>; about 150 bytes each. Default: 100 000.</summary>
    public int DeduplicationWindow { get; set; } = 100_000;

    /// <summary>Whether the span of a handling begins a trace of its own that is linked to the span of the publish, and is not its child: for messages that
    /// wait long, or that many take. Default: false.</summary>
    public bool LinkTraces { get; set; }

    /// <summary>What is done about the exchanges, queues and bindings that the app needs. Default:
    /// <see cref="TopologyMode.Declare"/>.</summary>
    public TopologyMode Topology { get; set; } = TopologyMode.Declare;

    /// <summary>How messages are taken and settled, where nothing else is said of a handler. Where the app hosts itself, host.json
    /// gives <see cref="HandlerOptions.Prefetch"/>, <see cref="HandlerOptions.Concurrency"/> and
    /// <see cref="HandlerOptions.Timeout"/> first.</summary>
    public HandlerOptions Handler { get; } = new();

    /// <summary>Changes the options of one handler; of several changes each sees what the one before it left.</summary>
    /// <param name="name">The handler: a function's name, without regard to case.</param>
    /// <param name="change">Changes its options, which begin as those of the app: <c>handler => handler.Concurrency = 4</c>.</param>
    public void ForHandler(string name, Action<HandlerOptions> change) => _changes.Add((name, change));

    /// <summary>The options of one handler.</summary>
    /// <exception cref="FormatException">Values that are not the app's make no sense; the message has all of them and what to do.</exception>
    internal HandlerOptions OptionsOf(string handler)
    {
        var options = Handler.Clone();
        var problems = new List<string>();
        foreach (var (_, change) in _changes.Where(known => string.Equals(known.Handler, handler, StringComparison.OrdinalIgnoreCase)))
        {
            try
            {
                change(options);
            }
            catch (Exception exception) when (exception is FormatException or MissingSettingException)
            {
                problems.Add(exception.Message);
            }
        }

        problems.AddRange(options.Problems().Except(Handler.Problems())); // The app's problems are reported once, and not for each handler.
        return problems.Count == 0 ? options : throw new FormatException(string.Join(' ', problems));
    }

    /// <summary>What is wrong with the values: which one, and what to do.</summary>
    internal IEnumerable<string> Problems() =>
    [
        .. new[]
        {
            Exchange is null ? "Exchange is null. Name an exchange, or leave it at amq.topic." : null,
            ExchangeTypes.IsKnown(ExchangeType) ? null : $"ExchangeType is '{ExchangeType}'. Write topic, direct, fanout or headers.",
            Text(ConnectionStringSetting),
            Text(TopicHeader),
            Time(PublishTimeout),
            Number(MaxPublishesInFlight),
            Number(MaxPublishBacklogBytes),
            Number(MaxMessageBytes),
            Number(MaxDecodedBodyBytes, Array.MaxLength),
            Number(DeduplicationWindow),
            OneOf(Topology),
        }.OfType<string>(),
        .. Handler.Problems().Select(problem => $"{nameof(Handler)}.{problem}"),
    ];
}
