using System.Globalization;
using Microsoft.CodeAnalysis;
using RabbitTopics.Startup;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Checks the values of our attributes that say how a queue is made and how its messages are handled. The app checks the same when it
/// starts and the settings are known.</summary>
internal static class ValueRules
{
    private const string NoLimit = "-1";

    public static void Check(Function function)
    {
        foreach (var consume in function.Method.AttributesOf(Names.Consume))
        {
            CheckNumber(function, consume, "Prefetch", ushort.MaxValue);
            CheckNumber(function, consume, "Concurrency", ushort.MaxValue);
            CheckTimes(function, consume, "Timeout", noLimit: NoLimit);
            CheckTimes(function, consume, "LongRunningAfter", noLimit: NoLimit);
            CheckPartitionKey(function, consume);
        }

        foreach (var policy in function.Method.AttributesOf(Names.ErrorPolicy))
        {
            CheckNumber(function, policy, "MaxAttempts", int.MaxValue);
            CheckNumber(function, policy, "MaxRedeliveries", int.MaxValue);
            CheckTimes(function, policy, "Delays", separator: ',');
        }

        foreach (var queue in function.Method.Parameters.SelectMany(parameter => parameter.AttributesOf(Names.QueueOptions)))
        {
            CheckText(function, queue, "Type", "classic", "quorum");
            CheckText(function, queue, "Overflow", "drop-head", "reject-publish", "reject-publish-dlx");
            CheckNumber(function, queue, "MaxPriority", 255);
            CheckNumber(function, queue, "MaxLength", long.MaxValue);
            CheckNumber(function, queue, "MaxLengthBytes", long.MaxValue);
            CheckTimes(function, queue, "MessageTtl");
            CheckTimes(function, queue, "Expires");
            CheckTogether(function, queue);
        }
    }

    private static void CheckPartitionKey(Function function, AttributeData consume)
    {
        const string header = "header:";
        var key = consume.Property("PartitionKey");
        Report(function, key is not (null or "topic" or "correlation-id") && !(key.StartsWith(header, StringComparison.Ordinal) && key.Length > header.Length), consume, "PartitionKey", key,
            "Write 'topic', 'correlation-id' or 'header:NAME'.");
    }

    /// <summary>Checks what goes with what.</summary>
    private static void CheckTogether(Function function, AttributeData queue)
    {
        var isOfClassicOnly = queue.Value("Durable") is false || queue.Value("Exclusive") is true || queue.Value("AutoDelete") is true || queue.Value("MaxPriority") is not null;
        Report(function, queue.Property("Type") == "quorum" && isOfClassicOnly, queue, "Type", "quorum",
            "A quorum queue is durable, not exclusive, not auto-delete and without priorities: leave that out, or take a classic queue.");
        var limit = queue.Value("MaxLength") is not null ? "MaxLength" : "MaxLengthBytes";
        Report(function, queue.Value(limit) is not null && queue.Value("Overflow") is null, queue, limit, queue.Value(limit),
            "RabbitMQ drops the oldest message of a full queue: set Overflow to \"reject-publish\", or to \"drop-head\" if messages may be lost.");
    }

    private static void CheckNumber(Function function, AttributeData attribute, string property, long most)
    {
        if (attribute.Value(property) is int or long)
        {
            var value = Convert.ToInt64(attribute.Value(property), CultureInfo.InvariantCulture);
            Report(function, value < 1 || value > most, attribute, property, value, $"Write a whole number from 1{(most <= ushort.MaxValue ? $" to {most}" : "")}.");
        }
    }

    private static void CheckText(Function function, AttributeData attribute, string property, params string[] known) =>
        Report(function, attribute.Property(property) is { } text && !known.Contains(text), attribute, property, attribute.Property(property), $"Write one of: {string.Join(", ", known)}.");

    private static void CheckTimes(Function function, AttributeData attribute, string property, string? noLimit = null, char separator = '\0')
    {
        if (attribute.Property(property) is { } text && !text.HasSetting() && text.Trim() != noLimit)
        {
            var wrong = text.Split(separator).FirstOrDefault(part => !TimeText.TryRead(part.Trim(), out var time) || time <= TimeSpan.Zero);
            Report(function, wrong is not null, attribute, property, wrong?.Trim(), $"Write hours, minutes and seconds, for example '00:00:05'{(noLimit is null ? "" : $", or '{noLimit}' for no limit")}.");
        }
    }

    private static void Report(Function function, bool isWrong, AttributeData attribute, string property, object? value, string remedy) =>
        function.If(isWrong, Rules.InvalidValue, attribute.Place(), attribute.ShortName(), property, value, remedy);
}
