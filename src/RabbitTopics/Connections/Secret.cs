using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace RabbitTopics.Connections;

/// <summary>Keeps passwords out of texts that others read.</summary>
internal static partial class Secret
{
    /// <summary>The text, with the user part of every URI in it hidden: an exception of somebody else's code may quote a
    /// connection URI.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Hide(string? text) => text is null ? null : UserPart().Replace(text, "://***@");

    /// <summary>The exception for a log: itself, or where it quotes a URI with a user part, one with the same text without that.</summary>
    public static Exception Hide(Exception exception)
    {
        var text = exception.ToString();
        var hidden = Hide(text);
        return hidden == text ? exception : new HiddenException(Hide(exception.Message), hidden);
    }

    [GeneratedRegex(@"://[^/\s@:]*:[^/\s]*@")] // The first part ends at the first colon, so that a text of colons takes no quadratic time.
    private static partial Regex UserPart();

    private sealed class HiddenException(string message, string text) : Exception(message)
    {
        public override string ToString() => text;
    }
}
