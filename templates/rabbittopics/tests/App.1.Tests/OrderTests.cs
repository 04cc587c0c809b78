using RabbitTopics;
using RabbitTopics.Testing;

namespace App._1.Tests;

public sealed class OrderTests
{
    [Fact]
    public async Task An_order_is_handled()
    {
        await using var app = await TestApp.StartAsync<HandleOrder>();

        var result = await app.SendAsync("template-topic", new Order(7, "tea"), function: nameof(HandleOrder));

        Assert.Equal(HandlingOutcome.Completed, result.Outcome);
        Assert.Contains(app.Log, line => line.Text == "Received order 7 of tea");
    }

    [Fact]
    public async Task What_is_no_order_is_parked()
    {
        await using var app = await TestApp.StartAsync<HandleOrder>();

        var result = await app.SendAsync("template-topic", "tea, please", function: nameof(HandleOrder));

        Assert.Equal(HandlingOutcome.DeadLettered, result.Outcome);
        Assert.Equal(DeadLetterReasons.Poison, result.DeadLetterReason);
    }

    [Fact]
    public async Task An_order_is_published_every_ten_seconds()
    {
        await using var app = await TestApp.StartAsync<HandleOrder>();

        await app.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(6, app.Published.Count);
        Assert.All(app.Published, message => Assert.Equal("template-topic", message.Topic));
    }
}
