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

    public static TheoryData<string?, Encoding> ByteOrderMarks => new()
    {
        { null, Encoding.UTF8 },
        { "application/json", Encoding.UTF8 },
        { "application/json", Encoding.Unicode },
        { "application/json", Encoding.BigEndianUnicode },
        { "application/json; charset=UTF8", Encoding.UTF8 },
        { "application/json; charset=utf-16", Encoding.BigEndianUnicode },
    };

    [Theory]
    [MemberData(nameof(ByteOrderMarks))]
    public void A_byte_order_mark_says_how_text_is_encoded_and_is_no_part_of_it(string? contentType, Encoding encoding)
    {
        var message = Message([.. encoding.Preamble, .. encoding.GetBytes(Json)], property: contentType);

        Assert.Equal(new Item(1, "张三"), Bodies().Read(message, typeof(Item)));
        Assert.Equal(Json, Bodies().Read(message, typeof(string)));
        Assert.Equal(message.Body.ToArray(), Bodies().Read(message, typeof(byte[])));
    }

    [Fact]
    public void In_a_charset_that_has_no_byte_order_mark_the_same_bytes_are_text() =>
        Assert.Equal("ÿþ", Bodies().Read(Message([0xFF, 0xFE], property: "text/plain; charset=iso-8859-1"), typeof(string)));

    /// <summary>What go-micro's <c>event.Publish(ctx, msg)</c> sends where <c>msg</c> is a Go string that holds JSON: its JSON codec makes a JSON
    /// string of it and ends it with a newline.</summary>
    private const string GoString = "\"{\\\"Id\\\":1689147237,\\\"Text\\\":\\\"张三 \\u003c\\u0026\\u003e\\\"}\"\n";

    [Fact]
    public void JSON_that_a_go_micro_service_published_as_a_string_is_read_as_the_object_that_it_holds()
    {
        var message = Message(GoString, header: "application/json");

        Assert.Equal(new Item(1689147237, "张三 <&>"), Bodies().Read(message, typeof(Item)));
        Assert.Equal("{\"Id\":1689147237,\"Text\":\"张三 <&>\"}", Bodies().Read(message, typeof(string)));
        Assert.Equal(1689147237, ((JsonElement)Bodies().Read(message, typeof(JsonElement))).GetProperty("Id").GetInt32());
        Assert.Equal(Encoding.UTF8.GetBytes(GoString), Bodies().Read(message, typeof(byte[])));
        Assert.Equal([1, 2], (int[])Bodies().Read(Message("\"[1,2]\"\n", header: "application/json"), typeof(int[])));
    }

    [Theory]
    [InlineData("application/json", "\"hello\\n\"", "hello\n")]
    [InlineData("application/json", " \"hello\" \n", "hello")]
    [InlineData("application/json", "\"one\" \"two\"", "\"one\" \"two\"")]
    [InlineData("application/json", "\"cut short", "\"cut short")]
    [InlineData("application/json", "7\n", "7\n")]
    [InlineData("text/plain", "\"quoted\"", "\"quoted\"")]
    [InlineData(null, "\"quoted\"", "\"quoted\"")]
    public void As_text_a_JSON_string_is_what_it_says_where_the_message_says_that_it_is_JSON(string? contentType, string body, string text) =>
        Assert.Equal(text, Bodies().Read(Message(body, header: contentType), typeof(string)));

    [Fact]
    public void A_JSON_string_that_holds_no_object_and_no_array_stays_a_string()
    {
        var id = Guid.CreateVersion7();

        Assert.Equal(id, Bodies().Read(Message($"\"{id}\"", header: "application/json"), typeof(Guid)));
        Assert.Throws<BodyFormatException>(() => Bodies().Read(Message("\"hello\"", header: "application/json"), typeof(Item)));
        Assert.Throws<BodyFormatException>(() => Bodies().Read(Message("\"{no JSON\"", header: "application/json"), typeof(Item)));
    }

    [Theory]
    [InlineData("text/plain; charset=utf-7", "utf-7")]
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
    public void All_members_of_a_gzip_are_read()
    {
        byte[] members = [.. Encode("one "u8.ToArray(), "gzip"), .. Encode([], "gzip"), .. Encode("two"u8.ToArray(), "gzip")];

        Assert.Equal("one two", Bodies().Read(Message(members, property: "text/plain", encoding: "gzip"), typeof(string)));
        Assert.Throws<BodyFormatException>(() => Bodies().Read(Message(members[..^1], encoding: "gzip"), typeof(string)));
        Assert.Throws<BodyFormatException>(() => Bodies().Read(Message(members[..^9], encoding: "gzip"), typeof(string)));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public void Every_cut_of_an_encoded_body_is_refused(string encoding)
    {
        var whole = Encode(Encoding.UTF8.GetBytes(Json), encoding);
        for (var length = 1; length < whole.Length; length++)
        {
            if (encoding == "deflate" && length == 1)
            {
                continue; // One byte does not tell zlib from bare deflate.
            }

            Assert.Throws<BodyFormatException>(() => Bodies().Read(Message(whole[..length], encoding: encoding), typeof(byte[])));
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public void A_body_of_just_the_limit_is_read_and_a_longer_one_is_not(string encoding)
    {
        var body = new byte[300_000];
        Random.Shared.NextBytes(body);
        var message = Message(Encode(body, encoding), encoding: encoding);

        Assert.Equal(body, Bodies(limit: body.Length).Read(message, typeof(byte[])));
        Assert.Contains("MaxDecodedBodyBytes", Assert.Throws<BodyFormatException>(() => Bodies(limit: body.Length - 1).Read(message, typeof(byte[]))).Message, StringComparison.Ordinal);
    }

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
