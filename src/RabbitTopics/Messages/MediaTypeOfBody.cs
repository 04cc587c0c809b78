using System.Net.Mime;
using System.Text;

namespace RabbitTopics.Messages;

/// <summary>A media type and its charset, as a message names them.</summary>
/// <param name="MediaType">Without parameters, in lower case.</param>
/// <param name="Charset">Null where it is UTF-8.</param>
internal readonly record struct MediaTypeOfBody(string MediaType, Encoding? Charset)
{
    /// <summary>That of a message that names none: JSON.</summary>
    public static readonly MediaTypeOfBody Json = new(JsonBody.ContentType, null);

    public bool IsJson => MediaType is JsonBody.ContentType or "text/json" || MediaType.EndsWith("+json", StringComparison.Ordinal);

    /// <summary>The header <c>Content-Type</c> where it is not empty, as go-micro writes it, else the property.</summary>
    /// <exception cref="BodyFormatException">It is no media type, or names an unknown charset.</exception>
    public static MediaTypeOfBody Of(TopicMessage message)
    {
        var text = message.Headers.GetString(HeaderNames.ContentType) ?? message.Content.Type;
        if (string.IsNullOrWhiteSpace(text) || text == JsonBody.ContentType)
        {
            return Json;
        }

        try
        {
            var type = new ContentType(text);
            return new(type.MediaType.ToLowerInvariant(), CharsetNamed(type.CharSet));
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            throw new BodyFormatException($"The content type '{text}' is no media type with a charset that is known here. Send one such as 'application/json'.", exception);
        }
    }

    private static Encoding? CharsetNamed(string? name) =>
        string.IsNullOrEmpty(name) || name.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || name.Equals("utf8", StringComparison.OrdinalIgnoreCase)
            ? null
            : Encoding.GetEncoding(name);
}
