using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace RabbitTopics.Messages;

/// <summary>Reads the body of a message by its content type and content encoding: the header of that name where it is not empty,
/// else the property. Without a content type a body is JSON.</summary>
internal sealed class MessageBody(IEnumerable<IBodyReader> readers, JsonBody json, IOptions<RabbitTopicsOptions> options)
{
    private readonly IBodyReader[] _readers = [.. readers];

    /// <summary>Whether some body could be read as a type.</summary>
    public bool Supports(Type type) =>
        type == typeof(string) || type == typeof(byte[]) || type == typeof(ReadOnlyMemory<byte>) || json.Supports(type) || _readers.Length > 0;

    /// <summary>Reads a message's body. As <c>byte[]</c> or <c>ReadOnlyMemory&lt;byte&gt;</c> a body of any content type is given as it is,
    /// its encoding undone; as string too, without a byte order mark, and where the message says that it is JSON and it is a JSON
    /// string, what that says.</summary>
    /// <param name="message">The message.</param>
    /// <param name="type">The type that is asked for.</param>
    /// <exception cref="BodyFormatException">The body is not what the message says of it, or nothing reads it as the
    /// type; the message names the content type and the type.</exception>
    public object Read(TopicMessage message, Type type)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Read(BodyFormat.Of(message), message.Body, type);
    }

    /// <summary>Reads the body of a delivery, whose envelope need not be read for it.</summary>
    public object Read(Delivery delivery, Type type)
    {
        var format = BodyFormat.Of(delivery.RawProperties);
        return type == typeof(ReadOnlyMemory<byte>) || _readers.Length > 0
            ? Read(format, delivery.Body.Keep(), type) // May go on referring to it.
            : delivery.Body.Read((this, format, type), static (body, asked) => asked.Item1.Read(asked.format, body, asked.type));
    }

    /// <summary>Reads a body that did not come with its envelope.</summary>
    public object Read(BodyFormat format, ReadOnlyMemory<byte> body, Type type)
    {
        body = ContentEncoding.Undo(body, format.ContentEncoding, options.Value.MaxDecodedBodyBytes);
        if (type == typeof(byte[]))
        {
            return body.ToArray();
        }

        if (type == typeof(ReadOnlyMemory<byte>))
        {
            return body;
        }

        var content = MediaTypeOfBody.Read(format.ContentType);
        if (type == typeof(string))
        {
            return ReadText(body, content);
        }

        foreach (var reader in _readers)
        {
            if (reader.CanRead(content.MediaType ?? JsonBody.ContentType, type))
            {
                return reader.Read(body, type) ?? throw Empty(content, type);
            }
        }

        return content.IsJson
            ? ReadJson(body, content, type)
            : throw new BodyFormatException($"Nothing reads a body of the content type '{content.MediaType}' as {type}. Take it as string or byte[], register an "
                + $"{nameof(IBodyReader)} for it, or let the publisher send JSON as such.");
    }

    private static string ReadText(ReadOnlyMemory<byte> body, MediaTypeOfBody content)
    {
        var (encoding, text) = content.Unmark(body);
        return (content is { MediaType: not null, IsJson: true } ? JsonBody.TryReadString(Utf8(encoding, text).Span) : null) ?? encoding.GetString(text.Span);
    }

    private object ReadJson(ReadOnlyMemory<byte> body, MediaTypeOfBody content, Type type)
    {
        var (encoding, text) = content.Unmark(body);
        var utf8 = Utf8(encoding, text).Span;
        if (JsonBody.TryReadString(utf8) is { } inner && inner.AsSpan().TrimStart() is ['{' or '[', ..])
        {
            utf8 = Encoding.UTF8.GetBytes(inner); // A go-micro service that publishes JSON text as a Go string sends it so.
        }

        try
        {
            return json.Read(utf8, type) ?? throw Empty(content, type);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            throw new BodyFormatException($"The body is no JSON of {type}: {exception.Message}", exception);
        }
    }

    private static ReadOnlyMemory<byte> Utf8(Encoding encoding, ReadOnlyMemory<byte> text) =>
        encoding.CodePage == Encoding.UTF8.CodePage ? text : Encoding.Convert(encoding, Encoding.UTF8, text.ToArray());

    private static BodyFormatException Empty(MediaTypeOfBody content, Type type) => new($"The body, {content.MediaType ?? JsonBody.ContentType}, is null and no {type}.");
}
