using RabbitMQ.Client;
using RabbitTopics.Messages;
using RabbitTopics.Settling;

namespace RabbitTopics.Tests.Settling;

public sealed class MessageCopyTests
{
    [Theory]
    [InlineData(8_192u, 7_372)]
    [InlineData(131_072u, 118_000)]
    [InlineData(0u, 118_000)]
    public void The_headers_of_a_copy_fit_into_the_frame_that_the_broker_takes_and_those_cut_short_are_named(uint frameMax, int longest)
    {
        var properties = new BasicProperties { Headers = new Dictionary<string, object?> { ["long"] = new byte[150_000], ["short"] = "text"u8.ToArray() } };
        var source = new DeliverySource("queue", "Handler", HeaderNames.Topic, _ => throw new NotSupportedException());
        var delivery = new Delivery(source, redelivered: false, "exchange", "key", properties, PooledBody.Copy(default));

        var copy = MessageCopy.ForDeadLetter(delivery, new SettleDecision(SettleAction.DeadLetter, Reason: "failed"), new InvalidOperationException(new string('x', 5000)), DateTimeOffset.UnixEpoch, frameMax);

        Assert.InRange(((IAmqpHeader)copy).GetRequiredBufferSize(), 1, longest + 500);
        Assert.Equal(new object?[] { "long" }, Assert.IsType<List<object?>>(copy.Headers![HeaderNames.CutHeaders]));
        Assert.Equal("text"u8.ToArray(), copy.Headers["short"]);
    }
}
