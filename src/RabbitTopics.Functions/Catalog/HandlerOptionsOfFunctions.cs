using RabbitTopics.Connections;
using RabbitTopics.Startup;

namespace RabbitTopics.Functions.Catalog;

/// <summary>Reads the functions' attributes for how their messages are received and settled.</summary>
internal sealed class HandlerOptionsOfFunctions(SettingReferences settings)
{
    /// <summary>Puts the functions' attributes into the app's options. Values that make no sense show when a function's options
    /// are asked for, as the errors of that function.</summary>
    public void Apply(IEnumerable<FunctionDescription> functions, RabbitTopicsOptions options)
    {
        foreach (var function in functions)
        {
            // What is read from text is a change of its own: one that cannot be read must not hide what is wrong with the others.
            if (function.Consume is { } consume)
            {
                options.ForHandler(function.Name, handler => Apply(consume, handler));
                options.ForHandler(function.Name, handler => handler.Timeout = ReadLimit(consume.Timeout, nameof(consume.Timeout)) ?? handler.Timeout);
                options.ForHandler(function.Name, handler => handler.LongRunningAfter = ReadLimit(consume.LongRunningAfter, nameof(consume.LongRunningAfter)) ?? handler.LongRunningAfter);
            }

            if (function.ErrorPolicy is { } policy)
            {
                options.ForHandler(function.Name, handler => Apply(policy, handler.OnError));
                options.ForHandler(function.Name, handler => handler.OnError.Delays = policy.Delays is { } delays ? ReadDelays(settings.Resolve(delays)) : handler.OnError.Delays);
            }
        }
    }

    private static void Apply(ConsumeAttribute attribute, HandlerOptions options)
    {
        options.Prefetch = attribute.PrefetchOrUnset ?? options.Prefetch;
        options.Concurrency = attribute.ConcurrencyOrUnset ?? options.Concurrency;
        options.PartitionKey = attribute.PartitionKey ?? options.PartitionKey;
        options.Deduplicate = attribute.DeduplicateOrUnset ?? options.Deduplicate;
        options.AutoAck = attribute.AutoAckOrUnset ?? options.AutoAck;
    }

    private static void Apply(ErrorPolicyAttribute attribute, ErrorPolicy policy)
    {
        policy.Action = attribute.Action;
        policy.MaxAttempts = attribute.MaxAttemptsOrUnset ?? policy.MaxAttempts;
        policy.MaxRedeliveries = attribute.MaxRedeliveriesOrUnset ?? policy.MaxRedeliveries;
        policy.NonRetryable = [.. policy.NonRetryable, .. attribute.NonRetryable];
    }

    private TimeSpan? ReadLimit(string? text, string option) => text is null ? null
        : settings.Resolve(text).Trim() is var resolved && resolved == "-1" ? Timeout.InfiniteTimeSpan
        : ReadTime(resolved, $"[Consume({option})]");

    private static IReadOnlyList<TimeSpan> ReadDelays(string text) => [.. text.Split(',').Select(delay => ReadTime(delay, "[ErrorPolicy(Delays)]"))];

    private static TimeSpan ReadTime(string text, string place) =>
        TimeText.TryRead(text.Trim(), out var time)
            ? time
            : throw new FormatException($"'{text.Trim()}' in {place} is not a time. Write hours, minutes and seconds, for example '00:00:05'.");
}
