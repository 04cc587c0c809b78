using System.Globalization;
using System.Text.Json.Nodes;
using RabbitTopics.Startup;
using RabbitTopics.Topology;

namespace RabbitTopics.HostExtension;

/// <summary>How the messages of a trigger are taken and settled, as it stands in the trigger's binding for our extension of a Functions host. The app writes it
/// there; an app in another language does so by hand. What is null or 0 comes from host.json.</summary>
internal sealed record TriggerOptions
{
    /// <summary>See <see cref="HandlerOptions.Prefetch"/>.</summary>
    public int PrefetchCount { get; init; }

    /// <summary>See <see cref="HandlerOptions.Concurrency"/>.</summary>
    public int Concurrency { get; init; }

    /// <summary>See <see cref="HandlerOptions.PartitionKey"/>.</summary>
    public string? PartitionKey { get; init; }

    /// <summary>See <see cref="HandlerOptions.Timeout"/>; -1 for no limit.</summary>
    public string? Timeout { get; init; }

    /// <summary>See <see cref="HandlerOptions.LongRunningAfter"/>; -1 for never.</summary>
    public string? LongRunningAfter { get; init; }

    /// <summary>See <see cref="HandlerOptions.AutoAck"/>: <c>true</c> or <c>false</c>.</summary>
    public string? AutoAck { get; init; }

    /// <summary>See <see cref="ErrorPolicy.Action"/>.</summary>
    public string? OnError { get; init; }

    /// <summary>See <see cref="ErrorPolicy.Delays"/>; commas between them.</summary>
    public string? RetryDelays { get; init; }

    /// <summary>See <see cref="ErrorPolicy.MaxAttempts"/>.</summary>
    public int MaxAttempts { get; init; }

    /// <summary>See <see cref="ErrorPolicy.MaxRedeliveries"/>.</summary>
    public int MaxRedeliveries { get; init; }

    /// <summary>How many waiting messages are work for one instance. No option of a handler.</summary>
    public int MessagesPerInstance { get; init; }

    /// <summary>Those of a handler. What an exception says of another attempt is not among them: the app knows its types.</summary>
    public static TriggerOptions Of(HandlerOptions options) => new()
    {
        PrefetchCount = options.Prefetch,
        Concurrency = options.Concurrency,
        PartitionKey = options.PartitionKey,
        Timeout = Text(options.Timeout),
        LongRunningAfter = Text(options.LongRunningAfter),
        AutoAck = options.AutoAck ? "true" : "false",
        OnError = options.OnError.Action.ToString(),
        RetryDelays = string.Join(',', options.OnError.Delays.Select(Text)),
        MaxAttempts = options.OnError.MaxAttempts,
        MaxRedeliveries = options.OnError.MaxRedeliveries,
    };

    /// <summary>Puts them into the JSON of a binding.</summary>
    /// <param name="binding">The binding.</param>
    /// <param name="topicHeader">The name of the topic header.</param>
    /// <param name="mode">What is done about what must exist on the broker.</param>
    /// <param name="topology">That; null where the queue is somebody else's.</param>
    public void WriteTo(JsonObject binding, string topicHeader, TopologyMode mode, QueueTopology? topology)
    {
        binding["prefetchCount"] = PrefetchCount;
        binding["concurrency"] = Concurrency;
        binding["partitionKey"] = PartitionKey;
        binding["timeout"] = Timeout;
        binding["longRunningAfter"] = LongRunningAfter;
        binding["autoAck"] = AutoAck;
        binding["onError"] = OnError;
        binding["retryDelays"] = RetryDelays;
        binding["maxAttempts"] = MaxAttempts;
        binding["maxRedeliveries"] = MaxRedeliveries;
        binding["topicHeader"] = topicHeader;
        binding["topologyMode"] = mode.ToString();
        binding["topology"] = topology is null ? null : TopologyJson.Write(topology);
    }

    /// <summary>Changes options by what is set here.</summary>
    /// <param name="options">The options.</param>
    /// <param name="place">Where it was set, for the errors.</param>
    /// <exception cref="FormatException">A value makes no sense; the message names it and says what to do.</exception>
    public void ApplyTo(HandlerOptions options, string place = "a RabbitMQ trigger")
    {
        options.Prefetch = PrefetchCount == 0 ? options.Prefetch : PrefetchCount;
        options.Concurrency = Concurrency == 0 ? options.Concurrency : Concurrency;
        options.PartitionKey = NotEmpty(PartitionKey) ?? options.PartitionKey;
        options.Timeout = Limit(Timeout, "timeout", place) ?? options.Timeout;
        options.LongRunningAfter = Limit(LongRunningAfter, "longRunningAfter", place) ?? options.LongRunningAfter;
        options.AutoAck = Flag(AutoAck, "autoAck", place) ?? options.AutoAck;
        options.OnError.Action = Action(place) ?? options.OnError.Action;
        options.OnError.Delays = NotEmpty(RetryDelays)?.Split(',').Select(delay => Time(delay, "retryDelays", place)).ToList() ?? options.OnError.Delays;
        options.OnError.MaxAttempts = MaxAttempts == 0 ? options.OnError.MaxAttempts : MaxAttempts;
        options.OnError.MaxRedeliveries = MaxRedeliveries == 0 ? options.OnError.MaxRedeliveries : MaxRedeliveries;
        if (string.Join(' ', options.Problems()) is { Length: > 0 } problems)
        {
            throw new FormatException(problems);
        }
    }

    private ErrorAction? Action(string place) => NotEmpty(OnError) is not { } text ? null
        : Enum.TryParse<ErrorAction>(text, ignoreCase: true, out var action) && Enum.IsDefined(action) ? action
        : throw new FormatException($"'onError' of {place} is '{text}'. Write one of: {string.Join(", ", Enum.GetNames<ErrorAction>())}.");

    private static bool? Flag(string? text, string name, string place) => NotEmpty(text) is not { } value ? null
        : bool.TryParse(value, out var flag) ? flag
        : throw new FormatException($"'{name}' of {place} is '{value}'. Write true or false.");

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    private static string Text(TimeSpan time) => time == System.Threading.Timeout.InfiniteTimeSpan ? "-1" : time.ToString("c", CultureInfo.InvariantCulture);

    private static TimeSpan? Limit(string? text, string name, string place) => NotEmpty(text) is not { } value ? null
        : value.Trim() == "-1" ? System.Threading.Timeout.InfiniteTimeSpan
        : Time(value, name, place);

    private static TimeSpan Time(string text, string name, string place) => TimeText.TryRead(text.Trim(), out var time)
        ? time
        : throw new FormatException($"'{name}' of {place} has '{text.Trim()}', which is not a time. Write hours, minutes and seconds, for example '00:00:05'.");
}
