using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace RabbitTopics.Connections;

/// <summary>Replaces <c>%NAME%</c> in a binding's text by the setting of that name, as the Functions host does.</summary>
internal sealed partial class SettingReferences(IConfiguration configuration)
{
    /// <summary>The text with each <c>%NAME%</c> replaced.</summary>
    /// <exception cref="MissingSettingException">A setting does not exist; the message names it.</exception>
    public string Resolve(string text) => Reference().Replace(text, match =>
        configuration[match.Groups[1].Value] ?? throw new MissingSettingException(match.Groups[1].Value, text));

    [GeneratedRegex("%([^%]+)%")]
    private static partial Regex Reference();
}
