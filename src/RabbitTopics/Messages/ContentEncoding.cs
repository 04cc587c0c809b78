using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace RabbitTopics.Messages;

/// <summary>Undoes the content encoding of a body.</summary>
internal static class ContentEncoding
{
    private const int MostEncodings = 4;

    /// <summary>The body as it was before it was encoded.</summary>
    /// <param name="body">The body as it was sent.</param>
    /// <param name="encodings">The encodings, in the order in which they were applied, commas between them; null or empty for
    /// none.</param>
    /// <param name="limit">The longest body to make, in bytes.</param>
    /// <exception cref="BodyFormatException">An encoding is unknown, the data are damaged, or the result would be longer than the
    /// limit.</exception>
    public static ReadOnlyMemory<byte> Undo(ReadOnlyMemory<byte> body, string? encodings, long limit)
    {
        if (string.IsNullOrWhiteSpace(encodings) || body.IsEmpty) // Some encoders make nothing of nothing.
        {
            return body;
        }

        var list = encodings.Split(',', StringSplitOptions.TrimEntries);
        if (list.Length > MostEncodings)
        {
            throw new BodyFormatException($"The body is encoded {list.Length} times over. At most {MostEncodings} encodings are undone.");
        }

        foreach (var encoding in list.Reverse())
        {
            body = UndoOne(body, encoding.ToLowerInvariant(), limit);
        }

        return body;
    }

    private static ReadOnlyMemory<byte> UndoOne(ReadOnlyMemory<byte> body, string encoding, long limit) => encoding switch
    {
        // Publishers put the charset there, too, or the names of MIME's transfer encodings.
        "" or "identity" or "utf-8" or "utf8" or "binary" or "8bit" => body,
        "gzip" or "x-gzip" => Inflate(body, encoding, limit, static source => new GZipStream(source, CompressionMode.Decompress), EndsAsGzip),
        "br" => Inflate(body, encoding, limit, static source => new BrotliStream(source, CompressionMode.Decompress), (source, _) => EndsAsBrotli(source.Span)),
        "deflate" when IsZlib(body.Span) => Inflate(body, encoding, limit, static source => new ZLibStream(source, CompressionMode.Decompress), EndsAsZlib),
        "deflate" => Inflate(body, encoding, limit, static source => new DeflateStream(source, CompressionMode.Decompress), static (_, _) => true),
        _ => throw new BodyFormatException($"The content encoding '{encoding}' is unknown. Known are gzip, br, deflate and identity."),
    };

    /// <summary>Deflate means the zlib format (RFC 9110, 8.4.1.2), and some send it bare. Zlib begins with a check
    /// (RFC 1950, 2.2).</summary>
    private static bool IsZlib(ReadOnlySpan<byte> body) => body.Length >= 2 && (body[0] & 0x0F) == 8 && ((body[0] << 8) | body[1]) % 31 == 0;

    /// <param name="body">The encoded body.</param>
    /// <param name="encoding">How it is encoded.</param>
    /// <param name="limit">The longest result, in bytes.</param>
    /// <param name="open">Opens the stream that decodes. It takes an early end for the end.</param>
    /// <param name="isWhole">Whether the encoded body has an end that fits what was decoded.</param>
    private static ReadOnlyMemory<byte> Inflate(ReadOnlyMemory<byte> body, string encoding, long limit, Func<Stream, Stream> open,
        Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>, bool> isWhole)
    {
        using var target = new MemoryStream();
        try
        {
            using var source = open(new MemoryStream(body.ToArray()));
            var buffer = new byte[81_920];
            int count;
            while ((count = source.Read(buffer)) > 0)
            {
                if (target.Length + count > limit)
                {
                    throw new BodyFormatException($"The body, {body.Length} bytes of {encoding}, is longer than {limit} bytes when decoded. "
                        + "Raise RabbitTopicsOptions.MaxDecodedBodyBytes if that is no attack.");
                }

                target.Write(buffer, 0, count);
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or InvalidOperationException) // The last is Brotli's.
        {
            throw new BodyFormatException($"The body is damaged: it is not what its content encoding '{encoding}' says.", exception);
        }

        var decoded = target.GetBuffer().AsMemory(0, (int)target.Length);
        return isWhole(body, decoded) ? decoded : throw new BodyFormatException($"The body is damaged: it ends before its content encoding '{encoding}' does.");
    }

    /// <summary>Gzip ends with the length of what was encoded (RFC 1952, 2.3.1).</summary>
    private static bool EndsAsGzip(ReadOnlyMemory<byte> body, ReadOnlyMemory<byte> decoded) =>
        body.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(body.Span[^4..]) == (uint)decoded.Length;

    /// <summary>Zlib ends with the Adler-32 sum of what was encoded (RFC 1950, 2.2).</summary>
    private static bool EndsAsZlib(ReadOnlyMemory<byte> body, ReadOnlyMemory<byte> decoded)
    {
        const uint modulus = 65_521;
        uint low = 1, high = 0;
        foreach (var octet in decoded.Span)
        {
            low = (low + octet) % modulus;
            high = (high + low) % modulus;
        }

        return BinaryPrimitives.ReadUInt32BigEndian(body.Span[^4..]) == ((high << 16) | low);
    }

    /// <summary>Brotli marks its last block, and its decoder knows (RFC 7932, 9.2).</summary>
    private static bool EndsAsBrotli(ReadOnlySpan<byte> body)
    {
        using var decoder = new BrotliDecoder();
        var scratch = new byte[81_920];
        OperationStatus status;
        while ((status = decoder.Decompress(body, scratch, out var consumed, out _)) == OperationStatus.DestinationTooSmall)
        {
            body = body[consumed..];
        }

        return status == OperationStatus.Done;
    }
}
