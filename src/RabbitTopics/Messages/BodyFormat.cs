using RabbitMQ.Client;

namespace RabbitTopics.Messages;

/// <summary>What a message says of its body.</summary>
/// <param name="ContentType">The header <c>Content-Type</c> where it is not empty, as go-micro writes it, else the property.</param>
/// <param name="ContentEncoding">The property where it is not empty, else the header <c>Content-Encoding</c>.</param>
internal readonly record struct BodyFormat(string? ContentType, string? ContentEncoding)
{
    private const string ContentEncodingHeader = "Content-Encoding";

    /// <summary>That of a message.</summary>
    public static BodyFormat Of(TopicMessage message)
    {
        var (type, encoding) = message.DeliveredProperties is { } delivered // Most properties are never read.
            ? (delivered.ContentType, delivered.ContentEncoding)
            : (message.Properties.ContentType, message.Properties.ContentEncoding);
        return new(message.Headers.GetString(HeaderNames.ContentType) ?? type, Encoding(encoding) ?? message.Headers.GetString(ContentEncodingHeader));
    }

    /// <summary>That of a delivery whose headers nobody has read.</summary>
    public static BodyFormat Of(IReadOnlyBasicProperties properties) =>
        new(HeaderTable.GetString(properties.Headers, HeaderNames.ContentType) ?? properties.ContentType,
            Encoding(properties.ContentEncoding) ?? HeaderTable.GetString(properties.Headers, ContentEncodingHeader));

    private static string? Encoding(string? property) => string.IsNullOrEmpty(property) ? null : property;
}
