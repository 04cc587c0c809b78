using System.Text;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;
using RabbitTopics.WebJobsTests.Host;

namespace RabbitTopics.WebJobsTests;

/// <summary>What a function leaves in a <c>rabbitMQ</c> output.</summary>
public sealed class PublishingTests(SharedBroker broker)
{
    [Theory]
    [InlineData("""{"Id":1}""", "application/json")]
    [InlineData("a text", "text/plain")]
    [InlineData("{no JSON", "text/plain")]
    public async Task What_is_published_to_a_queue_is_persistent_and_says_what_it_is(string body, string contentType)
    {
        await using var target = await TargetAsync();
        await using var host = await StartAsync(invocation => invocation.PublishAsync(Encoding.UTF8.GetBytes(body)), $$"""{"queueName":"{{target.Queue}}"}""");

        await host.SendAsync("go");

        var published = await target.TakeAsync();
        Assert.Equal(body, Encoding.UTF8.GetString(published.Body.Span));
        Assert.Equal(contentType, published.BasicProperties.ContentType);
        Assert.Equal(DeliveryModes.Persistent, published.BasicProperties.DeliveryMode);
    }

    [Fact]
    public async Task A_topic_is_published_to_its_exchange_with_binding_data_in_its_name()
    {
        await using var target = await TargetAsync();
        await target.BindAsync($"{target.Queue}.#");
        await using var host = await StartAsync(invocation => invocation.PublishAsync("x"), $$$"""{"routingKey":"{{{target.Queue}}}.{ConsumerTag}"}""");

        await host.SendAsync("go");

        var published = await target.TakeAsync();
        Assert.StartsWith($"{target.Queue}.amq.ctag-", published.RoutingKey, StringComparison.Ordinal);
        Assert.Equal(published.RoutingKey, published.HeaderText("Micro-Topic"));
    }

    [Fact]
    public async Task A_message_that_has_a_topic_goes_to_the_queue_of_the_output_all_the_same()
    {
        await using var target = await TargetAsync();
        await using var host = await StartAsync(
            invocation => invocation.PublishAsync(new TopicMessage { Topic = "a.topic", Body = "kept"u8.ToArray() }), $$"""{"queueName":"{{target.Queue}}"}""");

        await host.SendAsync("go");

        var published = await target.TakeAsync();
        Assert.Equal(("", target.Queue, "kept"), (published.Exchange, published.RoutingKey, Encoding.UTF8.GetString(published.Body.Span)));
    }

    [Fact]
    public async Task An_envelope_has_its_own_routing_key_headers_and_properties()
    {
        await using var target = await TargetAsync();
        await target.BindAsync($"{target.Queue}.own");
        await using var host = await StartAsync(
            invocation => invocation.PublishAsync("""{"body":{"Id":1},"routingKey":"OWN","headers":{"port":8080,"list":[1,"a"]},"properties":{"correlationId":"c-1","priority":3,"expirationMilliseconds":60000}}"""
                .Replace("OWN", $"{target.Queue}.own", StringComparison.Ordinal)),
            """{"envelope":true}""");

        await host.SendAsync("go");

        var published = await target.TakeAsync();
        Assert.Equal("""{"Id":1}""", Encoding.UTF8.GetString(published.Body.Span));
        Assert.Equal("application/json", published.BasicProperties.ContentType);
        Assert.Equal("c-1", published.BasicProperties.CorrelationId);
        Assert.Equal(3, published.BasicProperties.Priority);
        Assert.Equal("60000", published.BasicProperties.Expiration);
        Assert.Equal(8080L, published.BasicProperties.Headers!["port"]);
        Assert.Equal(2, Assert.IsType<List<object?>>(published.BasicProperties.Headers["list"]).Count);
    }

    [Theory]
    [InlineData("""{"queueName":"nobody-has-this-queue"}""", "x", "nobody-has-this-queue")]
    [InlineData("""{}""", "x", "names neither a queue nor a routing key")]
    [InlineData("""{"queueName":"q","envelope":true}""", "no envelope", "was given no envelope")]
    [InlineData("""{"queueName":"q","envelope":true}""", """{"boddy":1}""", "something else than an object with some of: body, bodyBase64, routingKey, headers, properties")]
    [InlineData("""{"queueName":"q","envelope":true}""", """{"body":1,"properties":{"color":"red"}}""", "'color', which AMQP does not have")]
    public async Task What_cannot_be_published_fails_the_invocation_and_its_message_is_parked_with_the_reason(string output, string value, string reason)
    {
        await using var host = await StartAsync(invocation => invocation.PublishAsync(value), output);

        await host.SendAsync("go");

        Assert.Contains(reason, (await host.TakeDeadAsync()).HeaderText("rt-exception-message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_messages_than_may_wait_for_the_broker_wait_for_those_before_them()
    {
        const int count = 300;
        await using var target = await TargetAsync();
        await using var host = await StartAsync(invocation => invocation.PublishAllAsync(Enumerable.Repeat(new byte[1024], count)), $$"""{"queueName":"{{target.Queue}}"}""",
            options => options.MaxPublishBacklogBytes = 20_000);

        await host.SendAsync("go");

        await Wait.UntilAsync(async () => await target.CountAsync() == count, "all of them");
    }

    private async Task<RunningHost> StartAsync(Func<Invocation, Task> function, string output, Action<RabbitTopicsOptions>? configure = null) =>
        await (await RunningHost.StartAsync(broker.Uri, function, """{"topics":"#none","onError":"DeadLetter"}""", configure, outputs: [output])).ConsumingAsync();

    private async Task<Target> TargetAsync()
    {
        var connection = await Client.ConnectAsync(broker.Uri);
        var channel = await connection.CreateChannelAsync();
        return new Target(connection, channel, (await channel.QueueDeclareAsync()).QueueName);
    }

    /// <summary>A queue that goes with its connection.</summary>
    private sealed record Target(IConnection Connection, IChannel Channel, string Queue) : IAsyncDisposable
    {
        public Task<BasicGetResult> TakeAsync() => Channel.TakeAsync(Queue);

        public Task<uint> CountAsync() => Channel.MessageCountAsync(Queue);

        public Task BindAsync(string topic) => Channel.QueueBindAsync(Queue, "amq.topic", topic);

        public ValueTask DisposeAsync() => Connection.DisposeAsync();
    }
}
