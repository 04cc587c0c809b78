using RabbitMQ.Client;
using RabbitTopics.Messages;

namespace RabbitTopics.Tests.Messages;

public sealed class HeaderTableTests
{
    [Fact]
    public void Values_are_read_with_their_real_types()
    {
        var headers = HeaderTable.Read(new Dictionary<string, object?>
        {
            ["text"] = "张三"u8.ToArray(),
            ["not-utf8"] = new byte[] { 0xFF, 0xFE },
            ["bytes"] = new BinaryTableValue([1, 2]),
            ["int"] = 7,
            ["bool"] = true,
            ["decimal"] = 12.34m,
            ["time"] = new AmqpTimestamp(1_700_000_000),
            ["null"] = null,
            ["table"] = new Dictionary<string, object?> { ["inner"] = "x"u8.ToArray() },
            ["list"] = new List<object?> { "y"u8.ToArray(), 1 },
        });

        Assert.Equal("张三", headers["text"]);
        Assert.Equal(new byte[] { 0xFF, 0xFE }, headers["not-utf8"]);
        Assert.Equal(new byte[] { 1, 2 }, headers["bytes"]);
        Assert.Equal(7, headers["int"]);
        Assert.Equal(true, headers["bool"]);
        Assert.Equal(12.34m, headers["decimal"]);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), headers["time"]);
        Assert.Null(headers["null"]);
        Assert.Equal("x", Assert.IsType<MessageHeaders>(headers["table"])["INNER"]);
        Assert.Equal(["y", 1], Assert.IsType<List<object?>>(headers["list"]));
    }

    [Fact]
    public void A_timestamp_beyond_what_a_date_holds_is_left_a_number() =>
        Assert.Equal(long.MaxValue, HeaderTable.Read(new Dictionary<string, object?> { ["time"] = new AmqpTimestamp(long.MaxValue) })["time"]);

    [Fact]
    public void No_table_means_no_headers() => Assert.Empty(HeaderTable.Read(null));

    [Fact]
    public void No_headers_are_written_as_no_table() => Assert.Null(HeaderTable.Write(new MessageHeaders()));

    [Fact]
    public void Names_that_differ_only_in_case_are_both_kept_and_each_is_found_by_its_own_spelling()
    {
        var headers = HeaderTable.Read(new Dictionary<string, object?> { ["Micro-Id"] = "v4"u8.ToArray(), ["Micro-ID"] = "v5"u8.ToArray() });

        Assert.Equal(("v4", "v5", "v4"), (headers["Micro-Id"], headers["Micro-ID"], headers["MICRO-ID"]));
        Assert.Equal(["Micro-Id", "Micro-ID"], HeaderTable.Write(headers)!.Keys);
        Assert.Equal(("v4", "new"), (headers.With("Micro-ID", "new")["Micro-Id"], headers.With("Micro-ID", "new")["Micro-ID"]));
    }

    [Fact]
    public void Setting_a_header_leaves_the_others_and_the_original_as_they_are()
    {
        var headers = new MessageHeaders([new("a", 1), new("b", 2), new("a", 3)]);
        var changed = headers.With("c", null).With("B", 4);

        Assert.Equal([new("a", 3), new("b", 2)], headers);
        Assert.Equal([new("a", 3), new("b", 4), new("c", null)], changed);
        Assert.Equal((3, true, false), (changed.Count, changed.ContainsKey("C"), changed.ContainsKey("d")));
        Assert.Throws<KeyNotFoundException>(() => changed["d"]);
    }
}
