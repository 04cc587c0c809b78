using System.Globalization;
using RabbitTopics.Connections;

namespace RabbitTopics.Functions.Catalog;

/// <summary>Derives from the attributes on the functions how their messages are taken and settled.</summary>
internal sealed class HandlerOptionsOfFunctions(SettingReferences settings)
{
    /// <summary>Puts the functions' attributes into the app's options. Values that make no sense show when a function's options
    /// are asked for, as the errors of that function.</summary>
    public void Apply(IEnumerable<FunctionDescription> functions, RabbitTopicsOptions options)
    {
        foreach (var function in functions)
        {
            if (function.Consume is { } consume)
            {
                options.ForHandler(function.Name, app => Apply(consume, app));
            }

            if (function.ErrorPolicy is { } policy)
            {
                options.ForHandler(function.Name, app => Apply(policy, app));
            }
        }
    }

    private HandlerOptions Apply(ConsumeAttribute attribute, HandlerOptions options) => options with
    {
        Prefetch = attribute.Prefetch == 0 ? options.Prefetch : attribute.Prefetch,
        Concurrency = attribute.Concurrency == 0 ? options.Concurrency : attribute.Concurrency,
        PartitionKey = attribute.PartitionKey ?? options.PartitionKey,
        Timeout = attribute.Timeout is { } timeout ? ReadTimeout(settings.Resolve(timeout)) : options.Timeout,
        Deduplicate = attribute.Deduplicate || options.Deduplicate,
        AutoAck = attribute.AutoAck || options.AutoAck,
    };

    private HandlerOptions Apply(ErrorPolicyAttribute attribute, HandlerOptions options) => options with
    {
        OnError = options.OnError with
        {
            Action = attribute.Action,
            Delays = attribute.Delays is { } delays ? ReadDelays(settings.Resolve(delays)) : options.OnError.Delays,
            MaxAttempts = attribute.MaxAttempts == 0 ? options.OnError.MaxAttempts : attribute.MaxAttempts,
            MaxRedeliveries = attribute.MaxRedeliveries == 0 ? options.OnError.MaxRedeliveries : attribute.MaxRedeliveries,
            NonRetryable = [.. options.OnError.NonRetryable, .. attribute.NonRetryable],
        },
    };

    private static TimeSpan ReadTimeout(string text) => text.Trim() == "-1" ? Timeout.InfiniteTimeSpan : ReadTime(text, "[Consume(Timeout)]");

    private static IReadOnlyList<TimeSpan> ReadDelays(string text) => [.. text.Split(',').Select(delay => ReadTime(delay, "[ErrorPolicy(Delays)]"))];

    private static TimeSpan ReadTime(string text, string place) =>
        TimeSpan.TryParse(text.Trim(), CultureInfo.InvariantCulture, out var time)
            ? time
            : throw new FormatException($"'{text.Trim()}' in {place} is no TimeSpan. Write hours, minutes and seconds, for example '00:00:05'.");
}
