using System.Text.Json;
using RabbitTopics.Functions.FunctionsHost;

namespace RabbitTopics.Tests.Functions;

/// <summary>The envelope from what Microsoft's host really sent (azure-binding-samples.json).</summary>
public sealed class BindingDataMessageTests
{
    private static readonly Dictionary<string, Dictionary<string, object?>> Samples = Load();

    public static TheoryData<string> Names => [.. Samples.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_captured_delivery_gives_an_envelope(string name)
    {
        var message = BindingDataMessage.Read(Samples[name], "Micro-Topic");

        Assert.NotNull(message);
        Assert.Equal(message.Topic, message.Headers["micro-topic"]);
    }

    [Fact]
    public void All_properties_are_read()
    {
        var properties = BindingDataMessage.Read(Samples["all-properties"], "Micro-Topic")!.Properties;

        Assert.Equal(
            new MessageProperties
            {
                ContentType = "application/json",
                ContentEncoding = "utf-8",
                Persistent = true,
                Priority = 7,
                CorrelationId = "corr-1",
                ReplyTo = "amq.rabbitmq.reply-to.x",
                Expiration = TimeSpan.FromMinutes(1),
                MessageId = "all-properties",
                Timestamp = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000),
                Type = "order.created",
                UserId = "guest",
                AppId = "app-1",
                ClusterId = "cl",
            },
            properties);
    }

    [Fact]
    public void Headers_are_read_with_their_types_strings_from_base64()
    {
        var headers = BindingDataMessage.Read(Samples["header-types"], "Micro-Topic")!.Headers;

        Assert.Equal("text", headers["str"]);
        Assert.Equal("张三", headers["unicode"]);
        Assert.Equal("", headers["empty"]);
        Assert.Equal(new byte[] { 0x00, 0xFF, 0x01, 0xFE }, headers["bytes"]);
        Assert.Equal("aGVsbG8=", headers["base64-looking"]);
        Assert.Equal(true, headers["bool"]);
        Assert.Equal(-70000L, headers["int"]);
        Assert.Equal(9007199254740993L, headers["long"]);
        Assert.Equal(2.25, headers["double"]);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_700_000_001), headers["timestamp"]);
        Assert.Null(headers["null"]);
        Assert.Equal("b", Assert.IsType<MessageHeaders>(headers["table"])["a"]);
    }

    [Fact]
    public void The_topic_header_wins_over_the_routing_key() =>
        Assert.Equal("samples.from.header", BindingDataMessage.Read(Samples["micro-topic-set"], "Micro-Topic")!.Topic);

    [Fact]
    public void Binding_data_of_another_trigger_gives_none() =>
        Assert.Null(BindingDataMessage.Read(new Dictionary<string, object?> { ["TimerTrigger"] = "{}" }, "Micro-Topic"));

    private static Dictionary<string, Dictionary<string, object?>> Load()
    {
        using var stream = typeof(BindingDataMessageTests).Assembly.GetManifestResourceStream("azure-binding-samples.json")!;
        using var json = JsonDocument.Parse(stream);
        return json.RootElement.GetProperty("samples").EnumerateArray().ToDictionary(
            sample => sample.GetProperty("name").GetString()!,
            sample => sample.GetProperty("bindingData").EnumerateObject().ToDictionary(entry => entry.Name, object? (entry) => entry.Value.GetString()));
    }
}
