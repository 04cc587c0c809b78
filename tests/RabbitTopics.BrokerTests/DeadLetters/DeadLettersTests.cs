using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.DeadLetters;

public sealed class DeadLettersTests(SharedBroker broker)
{
    [Fact]
    public async Task A_look_tells_what_is_known_of_each_message_and_leaves_them_in_their_order()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await ParkAsync(library, 5);
        var letters = library.Get<IDeadLetters>();

        var first = await letters.LookAsync($"{library.Queue}.dead", most: 3);
        await WaitForAsync(library, 5);
        await letters.LookAsync($"{library.Queue}.dead");
        await WaitForAsync(library, 5);
        var all = await letters.LookAsync($"{library.Queue}.dead");

        Assert.Equal(["0", "1", "2"], first.Select(Text));
        Assert.Equal(["0", "1", "2", "3", "4"], all.Select(Text));
        var letter = all[0];
        Assert.Equal((DeadLetterReasons.NonRetryable, 1, library.Queue, "Test", "System.FormatException", "It is wrong: 0"),
            (letter.Reason, letter.Attempts, letter.OriginalQueue, letter.Handler, letter.ExceptionType, letter.ExceptionMessage));
        Assert.Equal(("amq.topic", library.Queue, "m-0", 7), (letter.Message.Exchange, letter.Message.Topic, letter.Message.Id, letter.Message.Headers["number"]));
        Assert.InRange(letter.Time!.Value, DateTimeOffset.UtcNow - Wait.Patience, DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.Contains("DeadLettersTests", letter.ExceptionStack, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("quorum")]
    public async Task Any_number_of_looks_at_any_kind_of_queue_loses_nothing(string? type)
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var queue = $"{library.Queue}.dead";
        await library.Channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, type is null ? null : new Dictionary<string, object?> { ["x-queue-type"] = type, ["x-delivery-limit"] = 3 });
        for (var number = 0; number < 3; number++)
        {
            await library.SendAsync($"{number}", queue);
        }

        for (var look = 0; look < 30; look++)
        {
            await WaitForAsync(library, 3);
            var seen = new List<DeadLetter>();
            await library.Get<IDeadLetters>().GoThroughAsync(queue, letter =>
            {
                seen.Add(letter);
                return look % 2 == 0 ? DeadLetterAction.Keep : DeadLetterAction.Delete;
            }, new DeadLetterOptions { DryRun = look % 2 == 1 });
            Assert.Equal(["0", "1", "2"], seen.Select(Text).Order());
        }
    }

    [Fact]
    public async Task What_is_put_back_is_handled_as_the_first_time()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await ParkAsync(library, 3);
        var handled = new List<TopicMessage>();
        await using var consumer = library.Consumer((delivery, _) =>
        {
            handled.Add(delivery.Message);
            return ValueTask.CompletedTask;
        });

        var summary = await library.Get<IDeadLetters>().GoThroughAsync($"{library.Queue}.dead", letter => Text(letter) == "1" ? DeadLetterAction.Keep : DeadLetterAction.Replay);
        consumer.Start();
        await Wait.UntilAsync(() => handled.Count == 2, "two messages");

        Assert.Equal(new DeadLetterSummary(3, 2, 0, 0), summary);
        Assert.Equal(["0", "2"], handled.Select(message => Encoding.UTF8.GetString(message.Body.Span)));
        Assert.All(handled, message => Assert.Equal((1, "amq.topic", library.Queue, library.Queue, 7), (message.Attempt, message.Exchange, message.RoutingKey, message.Topic, message.Headers["number"])));
        Assert.All(handled, message => Assert.DoesNotContain(message.Headers, header => header.Key.StartsWith("rt-", StringComparison.Ordinal)));
        await WaitForAsync(library, 1);
        Assert.Equal("1", Text(Assert.Single(await library.Get<IDeadLetters>().LookAsync($"{library.Queue}.dead"))));
    }

    [Fact]
    public async Task What_is_published_again_reaches_every_queue_with_what_it_was_published_with()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await ParkAsync(library, 1);
        var other = await library.Channel.QueueDeclareAsync();
        await library.Channel.QueueBindAsync(other.QueueName, "amq.topic", library.Queue);

        await library.Get<IDeadLetters>().GoThroughAsync($"{library.Queue}.dead", _ => DeadLetterAction.ReplayToExchange);

        var again = await library.Channel.TakeAsync(other.QueueName);
        Assert.Equal(("amq.topic", library.Queue, "m-0", "3600000"), (again.Exchange, again.RoutingKey, again.BasicProperties.MessageId, again.BasicProperties.Expiration));
        Assert.Equal(["Micro-Topic", "number"], again.BasicProperties.Headers!.Keys.Order());
        Assert.Equal(0u, await Client.CountAsync(broker.Uri, $"{library.Queue}.dead"));
    }

    [Fact]
    public async Task A_message_is_moved_as_it_is_or_deleted_and_in_a_dry_run_nothing_is_done()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await ParkAsync(library, 4);
        var other = await library.Channel.QueueDeclareAsync();
        var letters = library.Get<IDeadLetters>();

        DeadLetterAction Decide(DeadLetter letter) => int.Parse(Text(letter), CultureInfo.InvariantCulture) % 2 == 0 ? DeadLetterAction.MoveTo(other.QueueName) : DeadLetterAction.Delete;
        var dry = await letters.GoThroughAsync($"{library.Queue}.dead", Decide, new DeadLetterOptions { DryRun = true });
        await WaitForAsync(library, 4);
        Assert.Equal(4, (await letters.LookAsync($"{library.Queue}.dead")).Count);
        await WaitForAsync(library, 4);
        var done = await letters.GoThroughAsync($"{library.Queue}.dead", Decide, new DeadLetterOptions { PerSecond = 50 });

        Assert.Equal(new DeadLetterSummary(4, 0, 2, 2), done);
        Assert.Equal(done, dry);
        Assert.Equal(DeadLetterReasons.NonRetryable, (await library.Channel.TakeAsync(other.QueueName)).HeaderText(HeaderNames.DeadLetterReason));
        Assert.Equal("2", Encoding.UTF8.GetString((await library.Channel.TakeAsync(other.QueueName)).Body.Span));
        Assert.Empty(await letters.LookAsync($"{library.Queue}.dead"));
    }

    [Fact]
    public async Task What_the_broker_does_not_take_stays()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await ParkAsync(library, 2);
        var letters = library.Get<IDeadLetters>();

        await Assert.ThrowsAsync<PublishReturnedException>(() => letters.GoThroughAsync($"{library.Queue}.dead", _ => DeadLetterAction.MoveTo("no-such-queue")));

        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, $"{library.Queue}.dead") == 2, "the messages");
    }

    [Fact]
    public async Task A_pass_that_is_ended_has_finished_what_it_began_and_another_goes_on()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await ParkAsync(library, 10);
        using var ending = new CancellationTokenSource();
        var letters = library.Get<IDeadLetters>();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => letters.GoThroughAsync($"{library.Queue}.dead", letter =>
        {
            if (Text(letter) == "5")
            {
                ending.Cancel();
            }

            return DeadLetterAction.Replay;
        }, cancellationToken: ending.Token));
        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, $"{library.Queue}.dead") == 4, "those that are left");
        await letters.GoThroughAsync($"{library.Queue}.dead", _ => DeadLetterAction.Replay);

        var back = new List<string>();
        while (await library.Channel.BasicGetAsync(library.Queue, autoAck: true) is { } got)
        {
            back.Add(Encoding.UTF8.GetString(got.Body.Span));
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(number => $"{number}"), back);
    }

    [Fact]
    public async Task A_queue_that_is_not_there_and_a_message_of_nobody_are_named_with_what_to_do()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var letters = library.Get<IDeadLetters>();
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.SendAsync("a");

        Assert.Contains("The queue 'no-such-queue' at ", (await Assert.ThrowsAsync<InvalidOperationException>(() => letters.LookAsync("no-such-queue"))).Message, StringComparison.Ordinal);
        Assert.Contains("does not say from which queue it is. Name one with MoveTo", (await Assert.ThrowsAsync<InvalidOperationException>(() => letters.GoThroughAsync(library.Queue, _ => DeadLetterAction.Replay))).Message, StringComparison.Ordinal);
        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, library.Queue) == 1, "the message");
        Assert.Contains("does not say to which exchange it was published", (await Assert.ThrowsAsync<InvalidOperationException>(() => letters.GoThroughAsync(library.Queue, _ => DeadLetterAction.ReplayToExchange))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_broker_parked_goes_back_to_where_it_was(bool toExchange)
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = $"{library.Queue}.dead" });
        await library.Channel.QueueDeclareAsync($"{library.Queue}.dead", durable: true, exclusive: false, autoDelete: false);
        await library.SendAsync("a");
        var got = await library.Channel.TakeAsync(library.Queue);
        await library.Channel.BasicPublishAsync("", library.Queue, mandatory: true, new BasicProperties { Expiration = "1" }, got.Body);
        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, $"{library.Queue}.dead") == 1, "the message");

        var letter = Assert.Single(await library.Get<IDeadLetters>().LookAsync($"{library.Queue}.dead"));
        Assert.Equal(("expired", library.Queue), (letter.Reason, letter.OriginalQueue));
        await WaitForAsync(library, 1);
        await library.Get<IDeadLetters>().GoThroughAsync($"{library.Queue}.dead", _ => toExchange ? DeadLetterAction.ReplayToExchange : DeadLetterAction.Replay);

        Assert.Equal("a", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
        Assert.Equal(0u, await Client.CountAsync(broker.Uri, $"{library.Queue}.dead"));
    }

    /// <summary>The broker may return what was kept a moment after the pass has ended.</summary>
    [Fact]
    public async Task A_broker_that_does_not_answer_ends_a_pass_with_an_error_and_what_the_caller_throws_comes_back_as_it_is()
    {
        await using var network = new TcpProxy(broker.Uri);
        await using var library = await Library.OnAsync(broker.Uri, brokerOfServices: network.Uri);
        var queue = $"{library.Queue}.dead";
        await library.Channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);
        await library.SendAsync("0", queue);
        await library.SendAsync("1", queue);
        var letters = library.Get<IDeadLetters>();

        var own = new IOException("The disk is full.");
        Assert.Same(own, await Record.ExceptionAsync(() => letters.GoThroughAsync(queue, _ => throw own)));
        await WaitForAsync(library, 2);
        var failure = await Assert.ThrowsAsync<BrokerUnavailableException>(() => letters.GoThroughAsync(queue, _ =>
        {
            network.IsBlackhole = true;
            return DeadLetterAction.Keep;
        }));

        Assert.Contains("is still there", failure.Message, StringComparison.Ordinal);
        network.Reset();
        await WaitForAsync(library, 2);
    }

    private Task WaitForAsync(Library library, uint count) => Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, $"{library.Queue}.dead") == count, "the dead letters");

    private static string Text(DeadLetter letter) => Encoding.UTF8.GetString(letter.Message.Body.Span);

    /// <summary>Has messages with the numbers from 0 as their bodies parked.</summary>
    private async Task ParkAsync(Library library, int count)
    {
        await using var consumer = library.Consumer((delivery, _) => throw new FormatException($"It is wrong: {Encoding.UTF8.GetString(delivery.Message.Body.Span)}"),
            new HandlerOptions { OnError = { NonRetryable = [typeof(FormatException)] } });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        for (var number = 0; number < count; number++)
        {
            await library.Channel.BasicPublishAsync("amq.topic", library.Queue, mandatory: true,
                new BasicProperties { MessageId = $"m-{number}", Expiration = "3600000", Headers = new Dictionary<string, object?> { ["number"] = 7 } }, Encoding.UTF8.GetBytes($"{number}"));
            await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, $"{library.Queue}.dead") == number + 1, "the dead letter"); // Copies are confirmed side by side.
        }

        await consumer.StopAsync(CancellationToken.None);
    }
}
