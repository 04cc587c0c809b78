using System.IO.Compression;
using System.Text;
using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.Options;
using RabbitTopics.Messages;

namespace RabbitTopics.Tests.Messages;

public sealed class MessageBodyTests
{
    private const string Json = """{"Id":1,"Text":"张三"}""";

    public sealed record Item(int Id, string Text);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("application/json")]
    [InlineData("Application/JSON; charset=UTF-8")]
    [InlineData("application/json;charset=\"utf-8\"; version=2")]
    [InlineData("text/json")]
    [InlineData("application/cloudevents+json")]
    public void JSON_is_read_under_each_of_its_names_and_without_any(string? contentType)
    {
        Assert.Equal(new Item(1, "张三"), Bodies().Read(Message(Json, property: contentType), typeof(Item)));
        Assert.Equal(new Item(1, "张三"), Bodies().Read(Message(Json, header: contentType), typeof(Item)));
    }

    [Fact]
    public void The_header_wins_over_the_property_unless_it_is_empty()
    {
        Assert.Equal(new Item(1, "张三"), Bodies().Read(Message(Json, property: "application/x-protobuf", header: "application/json"), typeof(Item)));
        Assert.Throws<BodyFormatException>(() => Bodies().Read(Message(Json, property: "application/x-protobuf", header: ""), typeof(Item)));
    }

    [Fact]
    public void JSON_in_another_charset_is_read_too() =>
        Assert.Equal(new Item(1, "é"), Bodies().Read(Message(Encoding.Latin1.GetBytes("""{"Id":1,"Text":"é"}"""), property: "application/json; charset=iso-8859-1"), typeof(Item)));

    [Theory]
    [InlineData("application/x-protobuf", "application/x-protobuf")]
    [InlineData("text/plain", "text/plain")]
    [InlineData("application/octet-stream", "application/octet-stream")]
    [InlineData("no media type", "no media type")]
    [InlineData("text/plain; charset=klingon", "klingon")]
    public void A_content_type_that_nothing_reads_as_the_type_is_named(string contentType, string named) => Assert.Contains(
        named, Assert.Throws<BodyFormatException>(() => Bodies().Read(Message(Json, property: contentType), typeof(Item))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("")]
    public void A_body_that_is_no_JSON_of_the_type_is_refused(string body) =>
        Assert.Throws<BodyFormatException>(() => Bodies().Read(Message(body), typeof(Item)));

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/x-protobuf")]
    [InlineData(null)]
    public void Text_and_bytes_take_any_content_type_as_it_is(string? contentType)
    {
        Assert.Equal(Json, Bodies().Read(Message(Json, property: contentType), typeof(string)));
        Assert.Equal(Encoding.UTF8.GetBytes(Json), Bodies().Read(Message(Json, property: contentType), typeof(byte[])));
        Assert.Equal(Encoding.UTF8.GetBytes(Json), ((ReadOnlyMemory<byte>)Bodies().Read(Message(Json, property: contentType), typeof(ReadOnlyMemory<byte>))).ToArray());
    }

    [Fact]
    public void Text_is_read_in_its_charset() =>
        Assert.Equal("é", Bodies().Read(Message(new byte[] { 0xE9 }, property: "text/plain; charset=iso-8859-1"), typeof(string)));

    [Fact]
    public void A_reader_of_the_apps_own_is_asked_first()
    {
        var bodies = Bodies(new Csv());

        Assert.Equal(new Item(7, "seven"), bodies.Read(Message("7,seven", property: "text/CSV; header=absent"), typeof(Item)));
        Assert.Equal(new Item(1, "张三"), bodies.Read(Message(Json), typeof(Item)));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("X-GZIP")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("raw deflate")]
    [InlineData("identity")]
    [InlineData("utf-8")]
    public void A_content_encoding_is_undone(string encoding) => Assert.Equal(
        new Item(1, "张三"), Bodies().Read(Message(Encode(Encoding.UTF8.GetBytes(Json), encoding), encoding: encoding.Replace("raw ", "", StringComparison.Ordinal)), typeof(Item)));

    [Fact]
    public void Encodings_are_undone_from_the_last_to_the_first() => Assert.Equal(
        Json, Bodies().Read(Message(Encode(Encode(Encoding.UTF8.GetBytes(Json), "gzip"), "br"), encoding: "gzip, br"), typeof(string)));

    [Fact]
    public void Any_bytes_survive_any_encoding() => Gen.Select(Gen.Byte.Array[0, 2000], Gen.OneOf("gzip", "br", "deflate", "raw deflate"))
        .Sample((bytes, encoding) => bytes.SequenceEqual((byte[])Bodies().Read(
            Message(Encode(bytes, encoding), encoding: encoding.Replace("raw ", "", StringComparison.Ordinal)), typeof(byte[]))), iter: 2000);

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("zstd")]
    public void A_body_that_is_not_what_its_encoding_says_is_refused(string encoding) => Assert.Contains(
        $"'{encoding}'",
        Assert.Throws<BodyFormatException>(() => Bodies().Read(Message(Json, encoding: encoding), typeof(string))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_long_list_of_encodings_is_refused() =>
        Assert.Throws<BodyFormatException>(() => Bodies().Read(Message(Json, encoding: "gzip,gzip,gzip,gzip,gzip"), typeof(string)));

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public void An_encoded_body_that_is_cut_short_is_refused(string encoding)
    {
        var whole = Encode(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 1000))), encoding);

        Assert.Throws<BodyFormatException>(() => Bodies().Read(Message(whole[..(whole.Length / 2)], encoding: encoding), typeof(byte[])));
    }

    [Fact]
    public void A_body_that_decodes_to_more_than_the_limit_is_refused_before_it_is_made()
    {
        using var bomb = new MemoryStream();
        using (var gzip = new GZipStream(bomb, CompressionLevel.Fastest, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var megabyte = 0; megabyte < 256; megabyte++)
            {
                gzip.Write(zeros);
            }
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<BodyFormatException>(() => Bodies(limit: 1 << 20).Read(Message(bomb.ToArray(), encoding: "gzip"), typeof(byte[])));

        Assert.Contains("MaxDecodedBodyBytes", error.Message, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 16 << 20);
    }

    private static MessageBody Bodies(IBodyReader? reader = null, long limit = 64 << 20) => new(
        reader is null ? [] : [reader],
        new JsonBody(Options.Create(new JsonSerializerOptions())),
        Options.Create(new RabbitTopicsOptions { MaxDecodedBodyBytes = limit }));

    private static TopicMessage Message(string body, string? property = null, string? header = null, string? encoding = null) =>
        Message(Encoding.UTF8.GetBytes(body), property, header, encoding);

    private static TopicMessage Message(byte[] body, string? property = null, string? header = null, string? encoding = null) => new()
    {
        Topic = "test",
        Body = body,
        Headers = header is null ? new MessageHeaders() : new MessageHeaders([new("content-type", header)]),
        Properties = new MessageProperties { ContentType = property, ContentEncoding = encoding },
    };

    private static byte[] Encode(byte[] body, string encoding)
    {
        using var encoded = new MemoryStream();
        using (Stream target = encoding.ToLowerInvariant() switch
        {
            "gzip" or "x-gzip" => new GZipStream(encoded, CompressionLevel.Optimal),
            "br" => new BrotliStream(encoded, CompressionLevel.Fastest),
            "deflate" => new ZLibStream(encoded, CompressionLevel.Optimal),
            "raw deflate" => new DeflateStream(encoded, CompressionLevel.Optimal),
            _ => new BufferedStream(encoded),
        })
        {
            target.Write(body);
        }

        return encoded.ToArray();
    }

    private sealed class Csv : IBodyReader
    {
        public bool CanRead(string mediaType, Type type) => mediaType == "text/csv" && type == typeof(Item);

        public object Read(ReadOnlyMemory<byte> body, Type type)
        {
            var fields = Encoding.UTF8.GetString(body.Span).Split(',');
            return new Item(int.Parse(fields[0], System.Globalization.CultureInfo.InvariantCulture), fields[1]);
        }
    }
}
