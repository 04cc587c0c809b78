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

    [GeneratedRegex(@"://[^/\s@:]*:[^/\s]*@")] // The first part ends at the first colon, so that a text of colons takes no quadratic time.
    private static partial Regex UserPart();
}
