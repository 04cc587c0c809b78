using System.Text;
using RabbitMQ.Client;
using RabbitTopics.Messages;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Publishing;

public sealed class TopicPublisherTests(SharedBroker broker)
{
    [Fact]
    public async Task A_delay_and_an_expiration_exclude_each_other()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var options = new PublishOptions { Delay = TimeSpan.FromMinutes(10), Properties = new MessageProperties { Expiration = TimeSpan.FromMinutes(1) } };

        var error = await Assert.ThrowsAsync<ArgumentException>(() => library.Get<ITopicPublisher>().PublishAsync("topic", "text", options, CancellationToken.None));

        Assert.Contains("both a Delay and an Expiration", error.Message, StringComparison.Ordinal);
    }

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
        Assert.Equal("y", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
    }

    [Fact]
    public async Task A_user_id_that_is_not_ones_own_is_refused_and_others_under_way_are_sent_again()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Channel.QueueBindAsync(library.Queue, "amq.topic", library.Queue);
        var publisher = library.Get<ITopicPublisher>();
        var options = new PublishOptions { Resend = true };

        var before = Enumerable.Range(0, 50).Select(_ => publisher.PublishAsync(library.Queue, "x", options)).ToArray();
        var wrong = publisher.PublishAsync(library.Queue, "x", options with { Properties = new MessageProperties { UserId = "somebody-else" } });
        var after = Enumerable.Range(0, 50).Select(_ => publisher.PublishAsync(library.Queue, "x", options)).ToArray();

        Assert.Equal(406, (await Assert.ThrowsAsync<PublishRefusedException>(() => wrong)).ReplyCode);
        await Task.WhenAll([.. before, .. after]);
    }

    [Fact]
    public async Task An_option_that_cannot_be_is_refused_before_anything_is_sent()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var publisher = library.Get<ITopicPublisher>();

        var expiration = await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync("t", "x", new PublishOptions { Properties = new MessageProperties { Expiration = TimeSpan.FromSeconds(-1) } }));
        var timeout = await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync("t", "x", new PublishOptions { Timeout = TimeSpan.Zero }));

        Assert.Contains("Expiration -00:00:01", expiration.Message, StringComparison.Ordinal);
        Assert.Contains("PublishOptions.Timeout is 00:00:00", timeout.Message, StringComparison.Ordinal);
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

    [Fact]
    public async Task A_value_goes_with_everything_that_a_go_micro_subscriber_and_an_operator_need_and_nothing_else()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await BindAsync(library);

        await library.Get<ITopicPublisher>().PublishAsync(library.Queue, new { Id = 1 });

        var message = await library.Channel.TakeAsync(library.Queue);
        var id = message.BasicProperties.MessageId!;
        Assert.Equal(7, Guid.Parse(id).Version);
        Assert.Equal(
            new Dictionary<string, string> { ["Content-Type"] = "application/json", ["Micro-ID"] = id, ["Micro-Id"] = id, ["Micro-Topic"] = library.Queue },
            message.BasicProperties.Headers!.ToDictionary(header => header.Key, header => Encoding.UTF8.GetString((byte[])header.Value!)));
        Assert.Equal(DeliveryModes.Persistent, message.BasicProperties.DeliveryMode);
        Assert.Equal("application/json", message.BasicProperties.ContentType);
        Assert.True(message.BasicProperties.IsTimestampPresent());
    }

    [Fact]
    public async Task Everything_that_is_added_can_be_switched_off()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await BindAsync(library);

        await library.Get<ITopicPublisher>().PublishAsync(library.Queue, "x", new PublishOptions { Defaults = PublishDefaults.None });

        var properties = (await library.Channel.TakeAsync(library.Queue)).BasicProperties;
        Assert.False(properties.IsHeadersPresent() || properties.IsMessageIdPresent() || properties.IsTimestampPresent() || properties.IsContentTypePresent());
        Assert.NotEqual(DeliveryModes.Persistent, properties.DeliveryMode);
    }

    [Fact]
    public async Task A_message_goes_with_its_own_headers_and_properties_and_all_fourteen_of_them_arrive()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await BindAsync(library);
        var message = new TopicMessage<int>(library.Queue, 5)
        {
            Headers = new MessageHeaders([new("number", 7), new("table", new MessageHeaders([new("inner", true)])), new("Micro-Topic", "that it had before")]),
            Properties = new MessageProperties
            {
                ContentType = "application/json; charset=utf-8",
                ContentEncoding = "identity",
                Persistent = false,
                Priority = 3,
                CorrelationId = "c",
                ReplyTo = "r",
                Expiration = TimeSpan.FromMinutes(1),
                MessageId = "m",
                Timestamp = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000),
                Type = "t",
                UserId = broker.Uri.UserInfo.Split(':')[0],
                AppId = "a",
                ClusterId = "cl",
            },
        };

        await library.Get<ITopicPublisher>().PublishAsync(message, new PublishOptions { Headers = new MessageHeaders([new("other", "o"), new("number", 8)]) });

        var arrived = await library.Channel.TakeAsync(library.Queue);
        Assert.Equal("5", Encoding.UTF8.GetString(arrived.Body.Span));
        Assert.Equal(message.Properties, MessageProperties.Read(arrived.BasicProperties));
        var headers = HeaderTable.Read(arrived.BasicProperties.Headers);
        Assert.Equal((7, "o", library.Queue, "application/json", "m"), (headers["number"], headers["other"], headers["Micro-Topic"], headers["Content-Type"], headers["Micro-ID"]));
        Assert.Equal(true, ((MessageHeaders)headers["table"]!)["inner"]);
    }

    [Fact]
    public async Task Unroutable_publishes_among_many_others_are_errors_and_only_they()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await BindAsync(library);
        var publisher = library.Get<ITopicPublisher>();

        var publishes = Enumerable.Range(0, 2000).Select(number => (number, Task: publisher.PublishAsync(number % 7 == 0 ? $"nowhere.{library.Queue}" : library.Queue, $"{number}"))).ToArray();
        await Task.WhenAll(publishes.Select(publish => publish.Task)).ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.All(publishes, publish => Assert.Equal(publish.number % 7 == 0, publish.Task.Exception?.InnerException is PublishReturnedException));
        var expected = Enumerable.Range(0, 2000).Where(number => number % 7 != 0);
        foreach (var number in expected)
        {
            Assert.Equal($"{number}", Encoding.UTF8.GetString((await library.Channel.BasicGetAsync(library.Queue, autoAck: true))!.Body.Span)); // In order.
        }
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused_before_it_leaves()
    {
        await using var library = await Library.OnAsync(broker.Uri, options => options.MaxMessageBytes = 1000);

        await Assert.ThrowsAsync<MessageTooLargeException>(() => library.Get<ITopicPublisher>().PublishAsync(library.Queue, new byte[1001]));
    }

    [Fact]
    public async Task A_header_of_a_type_that_AMQP_has_not_is_named_and_disturbs_no_other_publish()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await BindAsync(library);
        var publisher = library.Get<ITopicPublisher>();

        var other = publisher.PublishAsync(library.Queue, "x");
        var error = await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync(library.Queue, "y", new PublishOptions { Headers = new MessageHeaders([new("uri", broker.Uri)]) }));
        await other;

        Assert.Contains("System.Uri", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_delayed_message_reaches_its_topic_after_the_delay_as_it_was_published()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await BindAsync(library);
        var publisher = library.Get<ITopicPublisher>();
        await publisher.PublishAsync(library.Queue, "warm-up"); // Opens the channel of the exchange: "at once" must not take as long as the delay.
        await library.Channel.TakeAsync(library.Queue);
        var delay = TimeSpan.FromSeconds(Math.Ceiling(Wait.Stretch(TimeSpan.FromSeconds(1)).TotalSeconds));
        var clock = System.Diagnostics.Stopwatch.StartNew();

        await publisher.PublishAsync(library.Queue, "late", new PublishOptions { Delay = delay });
        await publisher.PublishAsync(library.Queue, "at once");

        Assert.Equal("at once", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
        var late = await library.Channel.TakeAsync(library.Queue);
        Assert.Equal("late", Encoding.UTF8.GetString(late.Body.Span));
        Assert.True(clock.Elapsed > 0.9 * delay);
        Assert.Equal(("amq.topic", library.Queue), (late.Exchange, late.RoutingKey));
        Assert.Equal(library.Queue, late.HeaderText("Micro-Topic"));
        await library.Channel.QueueDeleteAsync($"{library.Queue}@amq.topic.delay.{delay.TotalMilliseconds}");
    }

    [Fact]
    public async Task More_messages_than_a_connection_has_channels_may_be_published_with_a_delay_at_once_and_the_queue_of_the_delay_may_be_deleted()
    {
        const int count = 2_500;
        await using var library = await Library.OnAsync(broker.Uri);
        await BindAsync(library);
        var publisher = library.Get<ITopicPublisher>();
        var options = new PublishOptions { Delay = TimeSpan.FromMilliseconds(200), Timeout = Wait.Patience };
        var delayed = $"{library.Queue}@amq.topic.delay.200";

        await publisher.PublishAllAsync(Enumerable.Range(0, count).Select(number => new TopicMessage<int>(library.Queue, number)), options);
        await Wait.UntilAsync(async () => await library.Channel.MessageCountAsync(library.Queue) == count, "all messages");
        await library.Channel.QueueDeleteAsync(delayed);
        await publisher.PublishAsync(library.Queue, "one more", options);

        await Wait.UntilAsync(async () => await library.Channel.MessageCountAsync(library.Queue) == count + 1, "one more message");
        await library.Channel.QueueDeleteAsync(delayed);
    }

    [Fact]
    public async Task Headers_that_no_frame_holds_are_an_error_and_disturb_no_other_publish()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await BindAsync(library);
        var publisher = library.Get<ITopicPublisher>();
        var options = new PublishOptions { Resend = true };

        var before = publisher.PublishAsync(library.Queue, "x");
        var error = await Assert.ThrowsAsync<MessageTooLargeException>(() =>
            publisher.PublishAsync(library.Queue, "y", options with { Headers = new MessageHeaders([new("long", new string('h', 131_072))]) }));
        await publisher.PublishAsync(library.Queue, "z", options with { Headers = new MessageHeaders([new("nearly", new string('h', 130_000))]) });
        await before;

        Assert.Contains("frame_max is 131072", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_property_longer_than_AMQP_allows_is_an_error_of_its_message_alone()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await BindAsync(library);
        var publisher = library.Get<ITopicPublisher>();

        var publishes = Enumerable.Range(0, 20).Select(number => publisher.PublishAsync(library.Queue, $"{number}",
            new PublishOptions { Properties = new MessageProperties { CorrelationId = new string('c', number == 10 ? 256 : 255) } })).ToArray();

        await Assert.ThrowsAnyAsync<ArgumentException>(() => publishes[10]);
        await Task.WhenAll(publishes.Where(publish => publish != publishes[10]));
    }

    [Fact]
    public async Task A_returned_message_is_an_error_of_the_mandatory_publish_and_not_of_one_that_looks_the_same()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var publisher = library.Get<ITopicPublisher>();
        var options = new PublishOptions { Defaults = PublishDefaults.None, Mandatory = false };

        var optional = publisher.PublishAsync($"{library.Queue}.nowhere", "same", options);
        var mandatory = publisher.PublishAsync($"{library.Queue}.nowhere", "same", options with { Mandatory = true });

        await Assert.ThrowsAsync<PublishReturnedException>(() => mandatory);
        await optional;
    }

    [Fact]
    public async Task An_app_that_says_so_publishes_to_topics_without_subscribers()
    {
        await using var library = await Library.OnAsync(broker.Uri, options => options.Mandatory = false);
        var publisher = library.Get<ITopicPublisher>();

        await publisher.PublishAsync($"{library.Queue}.nowhere", "x");

        await Assert.ThrowsAsync<PublishReturnedException>(() => publisher.PublishAsync($"{library.Queue}.nowhere", "x", new PublishOptions { Mandatory = true }));
    }

    [Fact]
    public async Task Many_messages_that_are_more_than_may_wait_for_the_broker_are_published_in_their_order_all_the_same()
    {
        await using var library = await Library.OnAsync(broker.Uri, options => options.MaxPublishBacklogBytes = 10_000);
        await BindAsync(library);

        await library.Get<ITopicPublisher>().PublishAllAsync(Enumerable.Range(0, 500).Select(number => new TopicMessage<int>(library.Queue, number)));

        for (var number = 0; number < 500; number++)
        {
            Assert.Equal($"{number}", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
        }
    }

    [Fact]
    public async Task Of_many_messages_one_that_cannot_be_sent_is_an_error_when_the_others_have_ended()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await BindAsync(library);
        TopicMessage[] messages = [.. Enumerable.Range(0, 50).Select(number => new TopicMessage<int>(number == 25 ? new string('t', 256) : library.Queue, number))];

        await Assert.ThrowsAsync<ArgumentException>(() => library.Get<ITopicPublisher>().PublishAllAsync(messages));

        Assert.Equal(49u, (await library.Channel.QueueDeclarePassiveAsync(library.Queue)).MessageCount);
    }

    [Fact]
    public async Task An_output_to_the_default_exchange_leaves_it_usable()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        library.Get<RabbitTopics.Topology.AppTopology>().AddExchange("RabbitMQ", "");

        await library.Get<ITopicPublisher>().PublishAsync(library.Queue, "x", new PublishOptions { Exchange = "" });

        Assert.Equal("x", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
    }

    [Fact]
    public async Task An_output_to_an_exchange_of_another_type_is_published()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var exchange = $"{library.Queue}.fanout";
        await library.Channel.ExchangeDeclareAsync(exchange, "fanout", durable: true, autoDelete: false);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Channel.QueueBindAsync(library.Queue, exchange, "");
        library.Get<RabbitTopics.Topology.AppTopology>().AddExchange("RabbitMQ", exchange, "fanout");

        await library.Get<ITopicPublisher>().PublishAsync("any", "x", new PublishOptions { Exchange = exchange });

        Assert.Equal("x", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
        await library.Channel.ExchangeDeleteAsync(exchange);
    }

    private static async Task BindAsync(Library library)
    {
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Channel.QueueBindAsync(library.Queue, "amq.topic", library.Queue);
    }
}
