using System.Text;
using RabbitTopics.Publish;
using RabbitTopics.Testing;

namespace RabbitTopics.BrokerTests.Publish;

public sealed class TopicPublisherTests(SharedBroker broker)
{
    [Fact]
    public async Task A_publish_that_returned_is_in_the_queue()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Channel.QueueBindAsync(library.Queue, "amq.topic", library.Queue);

        await library.Get<ITopicPublisher>().PublishAsync(library.Queue, new { Id = 1, Name = "张三" });

        var message = await library.Channel.BasicGetAsync(library.Queue, autoAck: true);
        Assert.Equal("""{"Id":1,"Name":"张三"}""", Encoding.UTF8.GetString(message!.Body.Span));
    }

    [Fact]
    public async Task A_topic_that_no_queue_is_bound_to_is_an_error_that_names_exchange_topic_and_reason()
    {
        await using var library = await Library.OnAsync(broker.Uri);

        var exception = await Assert.ThrowsAsync<PublishReturnedException>(() =>
            library.Get<ITopicPublisher>().PublishAsync("no.such.topic." + library.Queue, "x"));

        Assert.Equal("amq.topic", exception.Exchange);
        Assert.Equal("no.such.topic." + library.Queue, exception.Topic);
        Assert.Equal("NO_ROUTE", exception.ReplyText);
    }

    [Fact]
    public async Task An_exchange_that_does_not_exist_is_an_error_and_the_next_publish_works()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Channel.QueueBindAsync(library.Queue, "amq.topic", library.Queue);
        var publisher = library.Get<ITopicPublisher>();

        var exception = await Assert.ThrowsAsync<PublishRefusedException>(() =>
            publisher.PublishAsync(library.Queue, "x", new PublishOptions { Exchange = "no-such-" + library.Queue }));

        Assert.Equal(404, exception.ReplyCode);
        await publisher.PublishAsync(library.Queue, "y");
        Assert.Equal("\"y\"", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
    }

    [Fact]
    public async Task A_queue_that_is_full_and_rejects_is_an_error()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-max-length"] = 0, ["x-overflow"] = "reject-publish" });
        await library.Channel.QueueBindAsync(library.Queue, "amq.topic", library.Queue);
        var publisher = library.Get<ITopicPublisher>();

        await Assert.ThrowsAsync<PublishNackedException>(async () =>
        {
            // The broker may take the first ones of an empty queue.
            for (var message = 0; message < 10; message++)
            {
                await publisher.PublishAsync(library.Queue, "x");
            }
        });
    }

    [Fact]
    public async Task Many_publishes_at_once_all_arrive()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Channel.QueueBindAsync(library.Queue, "amq.topic", library.Queue);
        var publisher = library.Get<ITopicPublisher>();

        await Task.WhenAll(Enumerable.Range(0, 1000).Select(number => publisher.PublishAsync(library.Queue, number)));

        Assert.Equal(1000u, (await library.Channel.QueueDeclarePassiveAsync(library.Queue)).MessageCount);
    }

    [Fact]
    public async Task Without_a_broker_a_publish_fails_in_its_time_and_names_no_secret()
    {
        await using var dead = await PrivateBroker.StartNewAsync();
        await using var library = await Library.OnAsync(dead.Uri);
        library.Get<Microsoft.Extensions.Options.IOptions<RabbitTopicsOptions>>().Value.PublishTimeout = TimeSpan.FromSeconds(1);
        await dead.KillAsync();

        var exception = await Assert.ThrowsAsync<BrokerUnavailableException>(() => library.Get<ITopicPublisher>().PublishAsync("topic", "x"));

        Assert.DoesNotContain(dead.Uri.UserInfo.Split(':')[1], exception.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public async Task An_empty_topic_is_refused(string? topic)
    {
        await using var library = await Library.OnAsync(broker.Uri);

        await Assert.ThrowsAnyAsync<ArgumentException>(() => library.Get<ITopicPublisher>().PublishAsync(topic!, "x"));
    }

    [Fact]
    public async Task A_topic_longer_than_AMQP_allows_is_refused()
    {
        await using var library = await Library.OnAsync(broker.Uri);

        var exception = await Assert.ThrowsAsync<ArgumentException>(() =>
            library.Get<ITopicPublisher>().PublishAsync(new string('张', 86), "x"));

        Assert.Contains("255 bytes", exception.Message, StringComparison.Ordinal);
    }
}
