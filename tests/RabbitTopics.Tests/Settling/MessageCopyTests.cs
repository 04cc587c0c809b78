using RabbitMQ.Client;
using RabbitTopics.Messages;
using RabbitTopics.Settling;

namespace RabbitTopics.Tests.Settling;

public sealed class MessageCopyTests
{
    private static readonly DeliverySource Source = new("queue", "Handler", HeaderNames.Topic, _ => throw new NotSupportedException());

    [Fact]
    public void A_copy_has_no_count_of_the_brokers_of_the_deliveries_of_its_original()
    {
        var properties = new BasicProperties { Headers = new Dictionary<string, object?> { ["x-delivery-count"] = 3L, ["x-acquired-count"] = 4L, ["own"] = 1 } };
        var delivery = new Delivery(Source, redelivered: true, "exchange", "key", properties, PooledBody.Copy(default));

        BasicProperties[] copies =
        [
            MessageCopy.ForRetry(delivery, frameMax: 0),
            MessageCopy.ForDeadLetter(delivery, new SettleDecision(SettleAction.DeadLetter, Reason: "failed"), failure: null, DateTimeOffset.UnixEpoch, frameMax: 0),
        ];

        Assert.All(copies, copy =>
        {
            Assert.DoesNotContain(copy.Headers!.Keys, name => name.EndsWith("x-delivery-count", StringComparison.Ordinal) || name.EndsWith("x-acquired-count", StringComparison.Ordinal));
            Assert.Equal(1, copy.Headers["own"]);
        });
    }

    [Theory]
    [InlineData(8_192u, 7_372)]
    [InlineData(131_072u, 118_000)]
    [InlineData(0u, 118_000)]
    public void The_headers_of_a_copy_fit_into_the_frame_that_the_broker_takes_and_those_cut_short_are_named(uint frameMax, int longest)
    {
        var properties = new BasicProperties { Headers = new Dictionary<string, object?> { ["long"] = new byte[150_000], ["short"] = "text"u8.ToArray() } };
        var delivery = new Delivery(Source, redelivered: false, "exchange", "key", properties, PooledBody.Copy(default));

        var copy = MessageCopy.ForDeadLetter(delivery, new SettleDecision(SettleAction.DeadLetter, Reason: "failed"), new InvalidOperationException(new string('x', 5000)), DateTimeOffset.UnixEpoch, frameMax);

        Assert.InRange(((IAmqpHeader)copy).GetRequiredBufferSize(), 1, longest + 500);
        Assert.Equal(new object?[] { "long" }, Assert.IsType<List<object?>>(copy.Headers![HeaderNames.CutHeaders]));
        Assert.Equal("text"u8.ToArray(), copy.Headers["short"]);
    }
}
