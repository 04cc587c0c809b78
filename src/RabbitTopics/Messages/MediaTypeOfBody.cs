using System.Net.Mime;
using System.Text;

namespace RabbitTopics.Messages;

/// <summary>A media type and its charset, as a message names them.</summary>
/// <param name="MediaType">Without parameters, in lower case; null where the message names none, and the body is JSON.</param>
/// <param name="Charset">That of text, unless a byte order mark says otherwise.</param>
internal readonly record struct MediaTypeOfBody(string? MediaType, Encoding Charset)
{
    private static readonly Encoding[] Unicode = [Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode];
    private static readonly MediaTypeOfBody Unnamed = new(null, Encoding.UTF8);
    private static readonly MediaTypeOfBody Json = new(JsonBody.ContentType, Encoding.UTF8);

    public bool IsJson => MediaType is null or JsonBody.ContentType or "text/json" || MediaType.EndsWith("+json", StringComparison.Ordinal);

    /// <summary>Reads a content type.</summary>
    /// <exception cref="BodyFormatException">It is no media type, or names an unknown charset.</exception>
    public static MediaTypeOfBody Read(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Unnamed;
        }

        if (text == JsonBody.ContentType)
        {
            return Json;
        }

        try
        {
            var type = new ContentType(text);
            var charset = type.CharSet?.ToLowerInvariant();
            return new(type.MediaType.ToLowerInvariant(), charset is null or "" or "utf8" ? Encoding.UTF8 : Encoding.GetEncoding(charset));
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or NotSupportedException) // The last for UTF-7.
        {
            throw new BodyFormatException($"The content type '{text}' is no media type with a charset that is known here. Send one such as 'application/json'.", exception);
        }
    }

    /// <summary>The encoding of a text and the text without its byte order mark, which only Unicode has, and which wins over the charset.</summary>
    public (Encoding Encoding, ReadOnlyMemory<byte> Text) Unmark(ReadOnlyMemory<byte> text)
    {
        foreach (var unicode in Charset is UTF8Encoding or UnicodeEncoding ? Unicode : [])
        {
            if (text.Span.StartsWith(unicode.Preamble))
            {
                return (unicode, text[unicode.Preamble.Length..]);
            }
        }

        return (Charset, text);
    }
}
