using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Conformance;

public sealed class PublishingTests(ConformanceRun run)
{
    [Fact]
    public async Task A_timer_function_publishes_what_it_returns_to_its_topic()
    {
        await using var channel = await run.OpenChannelAsync();

        var message = await channel.TakeAsync($"{run.Name}.timers");

        Assert.Equal("""{"Id":1,"Text":"张三"}""", Encoding.UTF8.GetString(message.Body.Span));
        Assert.Equal($"{run.Name}.from-timer", message.RoutingKey);
        Assert.Equal($"{run.Name}.from-timer", message.HeaderText("Micro-Topic"));
        Assert.Equal("application/json", message.HeaderText("Content-Type"));
        Assert.Equal(DeliveryModes.Persistent, message.BasicProperties.DeliveryMode);
        Assert.True(Guid.TryParse(message.BasicProperties.MessageId, out _));
    }

    [Fact]
    public async Task The_stock_output_binding_writes_to_the_queue_of_that_name()
    {
        await using var channel = await run.OpenChannelAsync();

        Assert.Equal((2, "stock"), Item(await channel.TakeAsync($"{run.Name}.stock")));
    }

    [Fact]
    public async Task Outputs_on_properties_of_the_result_go_each_to_its_own_place()
    {
        await using var channel = await run.OpenChannelAsync();

        Assert.Equal((3, "queue"), Item(await channel.TakeAsync($"{run.Name}.several")));
        Assert.Equal((4, "topic"), Item(await channel.TakeAsync($"{run.Name}.several-topic")));
    }

    [Fact]
    public async Task A_function_that_succeeds_though_its_time_is_over_has_its_outputs_published_each_of_a_collection_by_itself()
    {
        await using var channel = await run.OpenChannelAsync();

        await run.PublishAsync($"{run.Name}.leaving", $"{run.Name}.left-topic.late");

        Assert.Equal((3, "left"), Item(await channel.TakeAsync($"{run.Name}.left-topic")));
        Assert.Equal((1, "left"), Item(await channel.TakeAsync($"{run.Name}.left")));
        Assert.Equal((2, "left"), Item(await channel.TakeAsync($"{run.Name}.left")));
        Assert.Equal(0u, await channel.MessageCountAsync($"{run.Name}.leaving.dead"));
    }

    [Fact]
    public async Task What_a_function_collects_is_published_before_its_message_is_done()
    {
        await using var channel = await run.OpenChannelAsync();

        await run.PublishAsync($"{run.Name}.collecting", $"{run.Name}.collected.third");

        Assert.Equal((1, "first"), Item(await channel.TakeAsync($"{run.Name}.collected")));
        Assert.Equal((2, "second"), Item(await channel.TakeAsync($"{run.Name}.collected")));
        var third = await channel.TakeAsync($"{run.Name}.collected");
        Assert.Equal(((3, "third"), $"{run.Name}.collected.third"), (Item(third), third.RoutingKey));
    }

    [Fact]
    public async Task A_collected_message_that_is_not_published_fails_the_invocation_though_nobody_awaited_it()
    {
        await using var channel = await run.OpenChannelAsync();

        await run.PublishAsync($"{run.Name}.collecting", $"{run.Name}.unroutable");

        var parked = await Client.TakeAsync(run.Broker, $"{run.Name}.collecting.dead");
        Assert.Equal("RabbitTopics.PublishReturnedException", parked.HeaderText("rt-exception-type"));
        Assert.Equal(1, Item(await channel.TakeAsync($"{run.Name}.collected")).Id);
        Assert.Equal(2, Item(await channel.TakeAsync($"{run.Name}.collected")).Id);
    }

    private static (int Id, string? Text) Item(BasicGetResult message)
    {
        using var json = JsonDocument.Parse(message.Body);
        return (json.RootElement.GetProperty("Id").GetInt32(), json.RootElement.GetProperty("Text").GetString());
    }
}
