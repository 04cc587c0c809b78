using System.Globalization;
using System.Text.Json.Nodes;
using RabbitTopics.WorkerTests.Host;

namespace RabbitTopics.WorkerTests;

/// <summary>What a function sees of the messages that its host hands on.</summary>
public sealed class EnvelopeTests(ReadyApp app) : IClassFixture<ReadyApp>
{
    public static TheoryData<string> SampleNames => [.. Samples.Names];

    [Theory]
    [MemberData(nameof(SampleNames))]
    public async Task A_captured_delivery_is_seen_as_it_was_sent(string name)
    {
        var (sent, message) = (Samples.Sent(name), Samples.Message(name));
        var headers = (sent["headers"] as JsonObject)?.ToDictionary(header => header.Key, header => (string)header.Value!) ?? [];
        var (exchange, routingKey) = (message.BindingData["Exchange"], message.BindingData["RoutingKey"]);

        var seen = (await app.Run.Worker.InvokeAsync("Bytes", message)).Seen();

        Assert.Equal(Convert.ToHexString(message.Body.Span), seen.Value);
        Assert.Equal((exchange, routingKey), (seen.Exchange, seen.RoutingKey));
        Assert.Equal(headers.TryGetValue("Micro-Topic", out var topic) ? topic[2..] : routingKey, seen.Topic);
        Assert.Equal(seen.Topic, seen.Headers["Micro-Topic"]);
        Assert.Equal(name.EndsWith("delivery 2", StringComparison.Ordinal) ? 2 : name.EndsWith("delivery 3", StringComparison.Ordinal) ? 3 : 1, seen.Attempt);
        Assert.All(headers, header => AssertHeader(header.Value, Assert.Contains(header.Key, seen.Headers)));
    }

    [Theory]
    [InlineData("Typed", "7:mine")]
    [InlineData("TypedEnvelope", "7:mine")]
    [InlineData("Text", Spoof)]
    [InlineData("Envelope", null)]
    public async Task A_body_that_looks_like_binding_data_takes_nobody_in(string function, string? value)
    {
        var seen = (await app.Run.Worker.InvokeAsync(function, HostMessage.Of("orders.created", Spoof, headers: ("own", "kept")))).Seen();

        Assert.Equal(("orders.created", "amq.topic", "orders.created"), (seen.Topic, seen.Exchange, seen.RoutingKey));
        Assert.Equal("kept", seen.Headers["own"]);
        Assert.Equal(value ?? $"{Spoof.Length}", seen.Value);
    }

    private const string Spoof = """{"Id":7,"Text":"mine","exchange":"LSE","RoutingKey":"evil","basicProperties":"evil","Body":"x","deliveryTag":999,"redelivered":true}""";

    /// <summary>Compares with the type and the value that the samples write down.</summary>
    private static void AssertHeader(string sent, string? seen)
    {
        var value = sent.Length > 2 ? sent[2..] : "";
        switch (sent[0])
        {
            case 'S' when value.StartsWith("bytes ", StringComparison.Ordinal):
                Assert.Equal("System.Byte[]", seen);
                break;
            case 'S':
                Assert.Equal(value == "(empty)" ? "" : value, seen);
                break;
            case 't':
                Assert.Equal(bool.Parse(value), bool.Parse(seen!));
                break;
            case 'T':
                Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(long.Parse(value, CultureInfo.InvariantCulture)), DateTimeOffset.Parse(seen!, CultureInfo.InvariantCulture));
                break;
            case 'V':
                Assert.Null(seen);
                break;
            case 'F' or 'A':
                Assert.NotNull(seen); // The app tells their names only.
                break;
            default:
                Assert.Equal(value, seen);
                break;
        }
    }
}
