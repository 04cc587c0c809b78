using System.Diagnostics;
using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Conformance;

public sealed class SettlingTests(ConformanceRun run)
{
    [Fact]
    public async Task A_handler_that_always_fails_runs_as_often_as_it_may_and_the_message_is_parked_with_its_story()
    {
        await run.PublishAsync($"{run.Name}.failing", "always");

        var parked = await TakeDeadAsync("failing");
        await Wait.UntilAsync(() => run.SeenBy("Failing").Count == 5, "what each attempt has told");
        Assert.Equal([1, 2, 3, 4, 5], run.SeenBy("Failing").Select(seen => seen.Attempt).Order());
        Assert.All(run.SeenBy("Failing"), seen => Assert.Equal(($"{run.Name}.failing", "amq.topic", $"{run.Name}.failing"), (seen.Topic, seen.Exchange, seen.RoutingKey)));
        Assert.Equal("always", Encoding.UTF8.GetString(parked.Body.Span));
        Assert.Equal("max-attempts", parked.HeaderText("rt-dead-letter-reason"));
        Assert.Equal("System.InvalidOperationException", parked.HeaderText("rt-exception-type"));
        Assert.Equal("It always fails; amqp://***@host is no secret here.", parked.HeaderText("rt-exception-message"));
        Assert.Contains("SettlingFunctions.Failing", parked.HeaderText("rt-exception-stack"), StringComparison.Ordinal);
        Assert.Equal(5, Convert.ToInt32(parked.BasicProperties.Headers!["rt-dead-letter-attempts"], CultureInfo.InvariantCulture));
        Assert.Equal("amq.topic", parked.HeaderText("rt-original-exchange"));
        Assert.Equal($"{run.Name}.failing", parked.HeaderText("rt-original-routing-key"));
        Assert.Equal($"{run.Name}.failing", parked.HeaderText("rt-original-queue"));
        Assert.Equal($"{run.Name}.failing", parked.HeaderText("Micro-Topic"));
        Assert.Equal("Failing", parked.HeaderText("rt-handler"));
        Assert.InRange(
            ((AmqpTimestamp)parked.BasicProperties.Headers["rt-dead-letter-time"]!).UnixTime - ((AmqpTimestamp)parked.BasicProperties.Headers["rt-first-time"]!).UnixTime,
            0, (long)Wait.Stretch(TimeSpan.FromSeconds(30)).TotalSeconds);
    }

    [Theory]
    [InlineData("at once", false)]
    [InlineData("failing", false)]
    [InlineData("as go-micro names it", true)]
    public async Task A_message_whose_id_was_handled_is_left_out(string text, bool idInHeader)
    {
        var id = Guid.NewGuid().ToString();
        var properties = idInHeader ? new BasicProperties { Headers = new Dictionary<string, object?> { ["Micro-ID"] = id } } : new BasicProperties { MessageId = id };
        await run.PublishAsync($"{run.Name}.once", text, properties);
        await run.SeenAsync("Once", text);
        await run.PublishAsync($"{run.Name}.once", $"{text}, again", properties);
        await run.PublishAsync($"{run.Name}.once", $"{text}, without an id");

        await run.SeenAsync("Once", $"{text}, without an id");
        Assert.DoesNotContain(run.SeenBy("Once"), seen => seen.Value == $"{text}, again");
        Assert.Single(run.SeenBy("Once"), seen => seen.Value == text);
    }

    [Fact]
    public async Task A_parked_message_that_is_put_back_starts_anew_with_its_topic()
    {
        var properties = new BasicProperties { Headers = new Dictionary<string, object?> { ["Micro-Topic"] = "replayed.topic" } };
        await run.PublishAsync($"{run.Name}.typed-envelope", "no JSON", properties);
        var parked = await TakeDeadAsync("typed-envelope");

        // As a shovel does it, or the management UI's "move messages".
        var replay = new BasicProperties(parked.BasicProperties);
        await run.PublishAsync($"{run.Name}.typed-envelope", """{"Id":70,"Text":"mended"}"""u8.ToArray(), replay, exchange: "");

        var seen = await run.SeenAsync("TypedEnvelope", "70:mended");
        Assert.Equal(("replayed.topic", 1, "amq.topic", $"{run.Name}.typed-envelope"), (seen.Topic, seen.Attempt, seen.Exchange, seen.RoutingKey));
    }

    [Fact]
    public async Task Each_retry_comes_after_its_delay_and_other_messages_of_the_queue_go_on_meanwhile()
    {
        var clock = Stopwatch.StartNew();
        var times = new List<double>();
        await run.PublishAsync($"{run.Name}.delayed", "late");
        var others = new List<Task>();
        for (var attempt = 1; attempt <= 4; attempt++)
        {
            await Wait.UntilAsync(() => Attempts("late") >= attempt, $"attempt {attempt}");
            times.Add(clock.Elapsed.TotalSeconds);
            others.Add(OtherAsync(attempt));
        }

        await Task.WhenAll(others);

        var delays = times.Zip(times.Skip(1), (earlier, later) => later - earlier).ToArray();
        TestContext.Current.TestOutputHelper?.WriteLine($"Delays: {string.Join(", ", delays.Select(delay => delay.ToString("0.000", CultureInfo.InvariantCulture)))} s.");
        Assert.All(delays.Zip([1.0, 5, 25]), delay => Assert.InRange(delay.First, 0.8 * delay.Second, Wait.Stretch(TimeSpan.FromSeconds(1.2 * delay.Second)).TotalSeconds));

        int Attempts(string value) => run.SeenBy("Delayed").Count(seen => seen.Value == value);

        async Task OtherAsync(int attempt)
        {
            await run.PublishAsync($"{run.Name}.delayed", $"other {attempt}");
            await run.SeenAsync("Delayed", $"other {attempt}");
        }
    }

    [Theory]
    [InlineData("abandon")]
    [InlineData("retry")]
    public async Task A_message_that_the_handler_sends_back_comes_again_as_the_second_attempt(string action)
    {
        await run.PublishAsync($"{run.Name}.acting", action);

        await Wait.UntilAsync(() => run.SeenBy("Acting").Any(seen => seen.Value == action && seen.Attempt == 2), "the second attempt");
    }

    [Fact]
    public async Task A_message_that_the_handler_parks_has_the_handlers_reason()
    {
        await run.PublishAsync($"{run.Name}.acting", "dead-letter");

        var parked = await TakeDeadAsync("acting");
        Assert.Equal("odd", parked.HeaderText("rt-dead-letter-reason"));
        Assert.Equal("The function does not like it.", parked.HeaderText("rt-dead-letter-description"));
    }

    [Fact]
    public async Task A_message_that_the_handler_completed_stays_so_when_it_throws_afterwards()
    {
        await run.PublishAsync($"{run.Name}.acting", "complete and throw");
        await run.PublishAsync($"{run.Name}.acting", "after it");

        await run.SeenAsync("Acting", "after it");
        Assert.Single(run.SeenBy("Acting"), seen => seen.Value == "complete and throw");
    }

    [Fact]
    public async Task Of_a_thousand_good_and_a_thousand_malformed_bodies_the_good_are_handled_and_the_others_parked_none_retried()
    {
        const int count = 1000;
        await using var channel = await run.OpenChannelAsync();
        for (var number = 0; number < count; number++)
        {
            await channel.BasicPublishAsync("amq.topic", $"{run.Name}.mixed", Encoding.UTF8.GetBytes($$"""{"Id":{{number}},"Text":"good"}"""));
            await channel.BasicPublishAsync("amq.topic", $"{run.Name}.mixed", Encoding.UTF8.GetBytes($$"""{"Id":{{number}},"Text":"""));
        }

        var parked = new HashSet<string>();
        await Wait.UntilAsync(async () =>
        {
            while (await Client.QueueExistsAsync(run.Broker, $"{run.Name}.mixed.dead") && await channel.BasicGetAsync($"{run.Name}.mixed.dead", autoAck: true) is { } message)
            {
                Assert.Equal(1, Convert.ToInt32(message.BasicProperties.Headers!["rt-dead-letter-attempts"], CultureInfo.InvariantCulture));
                parked.Add(Encoding.UTF8.GetString(message.Body.Span));
            }

            return parked.Count(body => body.EndsWith("\"Text\":", StringComparison.Ordinal)) == count;
        }, "1000 parked messages");
        await Wait.UntilAsync(() => run.SeenBy("Mixed").Count(seen => seen.Value.EndsWith(":good", StringComparison.Ordinal)) >= count, "1000 handled messages");
        Assert.Equal(count, run.SeenBy("Mixed").Where(seen => seen.Value.EndsWith(":good", StringComparison.Ordinal)).Select(seen => seen.Value).Distinct().Count());
    }

    private async Task<BasicGetResult> TakeDeadAsync(string queue)
    {
        await Client.WaitForQueueAsync(run.Broker, $"{run.Name}.{queue}.dead");
        await using var channel = await run.OpenChannelAsync();
        return await channel.TakeAsync($"{run.Name}.{queue}.dead");
    }

    [Fact]
    public async Task A_message_whose_output_was_not_written_is_handled_again_though_its_id_is_known()
    {
        await using var channel = await run.OpenChannelAsync();
        if (!run.Has(HostCapabilities.ConfirmedOutputs))
        {
            await channel.QueueDeclareAsync($"{run.Name}.once-output", durable: true, exclusive: false, autoDelete: false); // The host would drop what it cannot write.
        }

        await run.PublishAsync($"{run.Name}.once-with-output", "one", new BasicProperties { MessageId = $"{Guid.NewGuid()}" });
        await run.SeenAsync("OnceWithOutput", "one");
        await channel.QueueDeclareAsync($"{run.Name}.once-output", durable: true, exclusive: false, autoDelete: false);

        Assert.Equal("one", Encoding.UTF8.GetString((await channel.TakeAsync($"{run.Name}.once-output")).Body.Span));
    }
}
