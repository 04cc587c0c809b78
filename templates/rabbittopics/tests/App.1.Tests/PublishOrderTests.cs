using Microsoft.Azure.Functions.Worker;

namespace App._1.Tests;

public sealed class PublishOrderTests
{
    [Fact]
    public void An_order_is_numbered_by_the_time()
    {
        var before = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

        var order = new PublishOrder(TimeProvider.System).Run(new TimerInfo());

        Assert.True(order.Number >= before);
    }
}
