using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace RabbitTopics.Messages;

/// <summary>Undoes the content encoding of a body.</summary>
internal static class ContentEncoding
{
    private const int MostEncodings = 4;

    /// <summary>A gzip member that holds <see cref="EndMark"/>. Gzip data may consist of several members (RFC 1952, 2.2), and .NET's stream
    /// takes an early end for the end: data that are whole, with this member behind them, decode to what ends with the mark.</summary>
    private static readonly byte[] EndMember = Gzip(EndMark);

    private static ReadOnlySpan<byte> EndMark => "rabbittopics"u8;

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

        foreach (var encoding in Enumerable.Reverse(list))
        {
            body = UndoOne(body, encoding.ToLowerInvariant(), limit);
        }

        return body;
    }

    private static ReadOnlyMemory<byte> UndoOne(ReadOnlyMemory<byte> body, string encoding, long limit)
    {
        var decoded = new Decoded(body.Length, encoding, limit);
        try
        {
            switch (encoding)
            {
                case "" or "identity" or "utf-8" or "utf8" or "binary" or "8bit": // Publishers put the charset there, too, or the names of MIME's transfer encodings.
                    return body;
                case "gzip" or "x-gzip":
                    byte[] marked = [.. body.Span, .. EndMember];
                    return decoded.Read(new GZipStream(new MemoryStream(marked), CompressionMode.Decompress), EndMark.Length) is var whole && whole.Span.EndsWith(EndMark)
                        ? whole[..^EndMark.Length]
                        : throw decoded.CutShort();
                case "br":
                    return decoded.ReadBrotli(body.Span);
                case "deflate" when IsZlib(body.Span):
                    return decoded.Read(new ZLibStream(new MemoryStream(body.ToArray()), CompressionMode.Decompress)) is var text && EndsWithSum(body.Span, text.Span)
                        ? text
                        : throw decoded.CutShort();
                case "deflate": // Means the zlib format (RFC 9110, 8.4.1.2), and some send it bare.
                    return decoded.Read(new DeflateStream(new MemoryStream(body.ToArray()), CompressionMode.Decompress));
                default:
                    throw new BodyFormatException($"The content encoding '{encoding}' is unknown. Known are gzip, br, deflate and identity.");
            }
        }
        catch (InvalidDataException exception)
        {
            throw new BodyFormatException($"The body is damaged: it is not what its content encoding '{encoding}' says.", exception);
        }
    }

    /// <summary>Zlib begins with a check (RFC 1950, 2.2).</summary>
    private static bool IsZlib(ReadOnlySpan<byte> body) => body.Length >= 2 && (body[0] & 0x0F) == 8 && ((body[0] << 8) | body[1]) % 31 == 0;

    /// <summary>Zlib ends with the Adler-32 sum of what was encoded (RFC 1950, 2.2), after two bytes of header.</summary>
    private static bool EndsWithSum(ReadOnlySpan<byte> body, ReadOnlySpan<byte> decoded)
    {
        const uint modulus = 65_521;
        uint low = 1, high = 0;
        foreach (var octet in decoded)
        {
            low = (low + octet) % modulus;
            high = (high + low) % modulus;
        }

        return body.Length >= 6 && BinaryPrimitives.ReadUInt32BigEndian(body[^4..]) == ((high << 16) | low);
    }

    private static byte[] Gzip(ReadOnlySpan<byte> content)
    {
        using var member = new MemoryStream();
        using (var gzip = new GZipStream(member, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return member.ToArray();
    }

    /// <summary>What a body decodes to, up to the limit.</summary>
    private readonly struct Decoded(int bodyLength, string encoding, long limit)
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public ReadOnlyMemory<byte> Read(Stream source, int beyondLimit = 0)
        {
            using (source)
            {
                int count;
                while ((count = source.Read(_bytes.GetSpan(4096))) > 0)
                {
                    Add(count, beyondLimit);
                }
            }

            return _bytes.WrittenMemory;
        }

        public ReadOnlyMemory<byte> ReadBrotli(ReadOnlySpan<byte> body)
        {
            using var decoder = new BrotliDecoder();
            OperationStatus status;
            do
            {
                status = decoder.Decompress(body, _bytes.GetSpan(4096), out var consumed, out var count);
                body = body[consumed..];
                Add(count);
            }
            while (status == OperationStatus.DestinationTooSmall);
            return status switch
            {
                OperationStatus.Done => _bytes.WrittenMemory,
                OperationStatus.InvalidData => throw new InvalidDataException(),
                _ => throw CutShort(),
            };
        }

        public BodyFormatException CutShort() => new($"The body is damaged: it ends before its content encoding '{encoding}' does.");

        private void Add(int count, int beyondLimit = 0)
        {
            _bytes.Advance(count);
            if (_bytes.WrittenCount > limit + beyondLimit)
            {
                throw new BodyFormatException($"The body, {bodyLength} bytes of {encoding}, is longer than {limit} bytes when decoded. "
                    + "Raise RabbitTopicsOptions.MaxDecodedBodyBytes if that is no attack.");
            }
        }
    }
}
