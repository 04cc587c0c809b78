using System.CommandLine;
using System.CommandLine.Parsing;
using RabbitTopics.Startup;

namespace RabbitTopics.Tool;

/// <summary>Options that are times, as attributes have them: a number alone is refused, which would be days.</summary>
internal static class Times
{
    public static Option<TimeSpan?> Option(string name, string description) => new(name) { Description = description, CustomParser = result => Read(result, result.Tokens[0].Value) };

    /// <summary>The same for several.</summary>
    public static Option<TimeSpan[]> Options(string name, string description, TimeSpan[] fallback) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => fallback,
        AllowMultipleArgumentsPerToken = true,
        CustomParser = result => [.. result.Tokens.Select(token => Read(result, token.Value)).OfType<TimeSpan>()],
    };

    private static TimeSpan? Read(ArgumentResult result, string text)
    {
        if (TimeText.TryRead(text, out var time))
        {
            return time;
        }

        result.AddError($"'{text}' is not a time. Write hours, minutes and seconds: 00:00:05, or 7.00:00:00 for days.");
        return null;
    }
}
