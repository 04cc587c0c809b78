namespace RabbitTopics.Receiving;

/// <summary>Finds what keeps messages in order among themselves.</summary>
internal static class PartitionKey
{
    private const string HeaderPrefix = "header:";

    /// <summary>The way to a message's key; null where no order is asked for.</summary>
    /// <exception cref="FormatException">The text names none; the message says what to write.</exception>
    public static Func<TopicMessage, string?>? Parse(string? text)
    {
        switch (text)
        {
            case null:
                return null;
            case "topic":
                return message => message.Topic;
            case "correlation-id":
                return message => message.Properties.CorrelationId;
        }

        var header = Problem(text) is { } problem ? throw new FormatException(problem) : text[HeaderPrefix.Length..];
        return message => Text(message.Headers.GetValueOrDefault(header));
    }

    /// <summary>What is wrong with the text; null where nothing is.</summary>
    public static string? Problem(string? text) => text is null or "topic" or "correlation-id" || (text.StartsWith(HeaderPrefix, StringComparison.Ordinal) && text.Length > HeaderPrefix.Length)
        ? null
        : $"PartitionKey is '{text}'. Write 'topic', 'correlation-id' or 'header:NAME'.";

    private static string? Text(object? value) => value switch
    {
        byte[] bytes => Convert.ToHexString(bytes),
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value?.ToString(),
    };
}
