using RabbitTopics.WorkerTests.Host;

namespace RabbitTopics.WorkerTests;

/// <summary>How messages are settled that the host acknowledges: what is not handled goes on as a copy, which the broker has confirmed
/// when the host is answered.</summary>
public sealed class SettlingTests(ReadyApp app) : IClassFixture<ReadyApp>
{
    private readonly string _id = $"{Guid.NewGuid()}";

    private AppRun Run => app.Run;

    [Fact]
    public async Task A_message_that_was_handled_leaves_no_copy()
    {
        (await Run.Worker.InvokeAsync("Acting", Run.Message("acting", _id, _id))).AssertSuccess();

        await Run.TakeSeenAsync("Acting", _id);
        Assert.Equal(0, await Run.CountCopiesAsync("acting", _id));
    }

    [Fact]
    public async Task Of_an_attempt_that_failed_after_the_function_had_returned_the_host_gets_no_outputs()
    {
        var answer = await Run.Worker.InvokeAsync("Leaving", Run.Message("leaving", Run.Queue("no-such-topic"), _id));

        answer.AssertSuccess(); // Its message is parked.
        Assert.All(answer.OutputData, output => Assert.Null(output.Data));
        Assert.Equal("RabbitTopics.PublishReturnedException", (await Run.TakeCopyAtOnceAsync("leaving.dead", _id)).Text("rt-exception-type"));
    }

    [Fact]
    public async Task A_message_that_was_not_handled_comes_again_after_its_delay_as_it_was_and_counted()
    {
        var message = Run.Message("failing", _id, _id, ("text", "header text"), ("int", 7), ("CC", new System.Text.Json.Nodes.JsonArray("ZWxzZXdoZXJl")));

        (await Run.Worker.InvokeAsync("Failing", message)).AssertSuccess();

        var copy = await Run.TakeCopyAsync("failing", _id);
        Assert.Equal(Run.Queue("failing.retry.100"), copy.WaitedIn());
        Assert.Equal(message.Body.ToArray(), copy.Body.ToArray());
        Assert.Equal((1, 7), (copy.Number("rt-attempts"), copy.Number("int")));
        Assert.Equal(("header text", Run.Queue("failing"), "amq.topic"), (copy.Text("text"), copy.Text("Micro-Topic"), copy.Text("rt-original-exchange")));
        Assert.True(copy.BasicProperties.Headers!.ContainsKey("rt-kept-CC")); // Else the broker would act on it once more.
        Assert.False(copy.BasicProperties.Headers.ContainsKey("CC"));
        Assert.True(copy.BasicProperties.Persistent);
    }

    [Fact]
    public async Task A_copy_for_another_attempt_is_safe_when_the_host_is_answered()
    {
        (await Run.Worker.InvokeAsync("Delayed", Run.Message("delayed", "late", _id, ("rt-attempts", 2)))).AssertSuccess();

        var copy = await Run.TakeCopyAtOnceAsync("delayed.retry.25000", _id);
        Assert.Equal(3, copy.Number("rt-attempts"));
    }

    [Fact]
    public async Task The_function_sees_how_often_its_message_came()
    {
        (await Run.Worker.InvokeAsync("Failing", Run.Message("failing", _id, _id, ("rt-attempts", 2)))).AssertSuccess();

        Assert.Equal(3, (await Run.TakeSeenAsync("Failing", _id)).Attempt);
        Assert.Equal(3, (await Run.TakeCopyAsync("failing", _id)).Number("rt-attempts"));
    }

    [Fact]
    public async Task A_message_whose_attempts_are_used_up_is_parked_with_what_happened_and_without_secrets()
    {
        // Two of our attempts and two of the host's: this is the fifth.
        (await Run.Worker.InvokeAsync("Failing", Run.Message("failing", _id, _id, ("rt-attempts", 2), ("x-ms-rabbitmq-requeuecount", 2)))).AssertSuccess();

        var parked = await Run.TakeCopyAtOnceAsync("failing.dead", _id);
        Assert.Equal(("max-attempts", 5), (parked.Text("rt-dead-letter-reason"), parked.Number("rt-dead-letter-attempts")));
        Assert.Equal(("Failing", Run.Queue("failing")), (parked.Text("rt-handler"), parked.Text("rt-original-queue")));
        Assert.Equal(typeof(InvalidOperationException).FullName, parked.Text("rt-exception-type"));
        Assert.StartsWith("It always fails", parked.Text("rt-exception-message"), StringComparison.Ordinal);
        Assert.DoesNotContain(parked.BasicProperties.Headers!.Keys, header => parked.Text(header)?.Contains("s3cret", StringComparison.Ordinal) == true);
        Assert.False(parked.BasicProperties.Headers!.ContainsKey("x-ms-rabbitmq-requeuecount"));
    }

    [Theory]
    [InlineData("Failing", "failing", 4)] // At its fifth failure the host drops a message.
    [InlineData("Crashing", "crashing", 3)] // Two redeliveries, says its policy.
    public async Task A_message_that_the_host_had_to_publish_anew_too_often_is_parked_without_being_handled(string function, string queue, int requeues)
    {
        (await Run.Worker.InvokeAsync(function, Run.Message(queue, _id, _id, ("x-ms-rabbitmq-requeuecount", requeues)))).AssertSuccess();

        var parked = await Run.TakeCopyAtOnceAsync($"{queue}.dead", _id);
        Assert.Equal("max-redeliveries", parked.Text("rt-dead-letter-reason"));
        Assert.Equal(_id, System.Text.Encoding.UTF8.GetString(parked.Body.Span));
        Assert.DoesNotContain(await Run.TakeAllSeenAsync(), seen => seen.Value == _id);
    }

    [Theory]
    [InlineData("Typed", "typed")]
    [InlineData("TypedEnvelope", "typed-envelope")]
    public async Task A_body_that_cannot_be_read_is_parked_at_once(string function, string queue)
    {
        byte[] body = [0xFF, 0xFE, .. "no JSON"u8];

        (await Run.Worker.InvokeAsync(function, HostMessage.Of(Run.Queue(queue), body, messageId: _id))).AssertSuccess();

        var parked = await Run.TakeCopyAtOnceAsync($"{queue}.dead", _id);
        Assert.Equal(("poison", 1), (parked.Text("rt-dead-letter-reason"), parked.Number("rt-dead-letter-attempts")));
        Assert.Equal(body, parked.Body.ToArray());
    }

    [Fact]
    public async Task A_message_that_the_handler_completed_stays_so_when_it_throws_afterwards()
    {
        (await Run.Worker.InvokeAsync("Acting", Run.Message("acting", "complete and throw", _id))).AssertSuccess();

        Assert.Equal(0, await Run.CountCopiesAsync("acting", _id));
    }

    [Fact]
    public async Task A_message_that_the_handler_sends_back_goes_to_the_end_of_its_queue()
    {
        (await Run.Worker.InvokeAsync("Acting", Run.Message("acting", "abandon", _id))).AssertSuccess();

        var copy = await Run.TakeCopyAtOnceAsync("acting", _id);
        Assert.Equal((1, Run.Queue("acting")), (copy.Number("rt-attempts"), copy.Text("Micro-Topic")));
    }

    [Fact]
    public async Task A_message_that_the_handler_wants_later_comes_after_the_delay_that_it_says()
    {
        (await Run.Worker.InvokeAsync("Acting", Run.Message("acting", "retry", _id))).AssertSuccess();

        var copy = await Run.TakeCopyAsync("acting", _id);
        Assert.Equal((1, Run.Queue("acting.retry.100")), (copy.Number("rt-attempts"), copy.WaitedIn()));
    }

    [Fact]
    public async Task A_message_that_the_handler_parks_has_the_handlers_reason()
    {
        (await Run.Worker.InvokeAsync("Acting", Run.Message("acting", "dead-letter", _id))).AssertSuccess();

        var parked = await Run.TakeCopyAtOnceAsync("acting.dead", _id);
        Assert.Equal(("odd", "The function does not like it."), (parked.Text("rt-dead-letter-reason"), parked.Text("rt-dead-letter-description")));
    }

    [Fact]
    public async Task Another_attempt_at_a_message_whose_output_the_host_did_not_write_is_no_duplicate()
    {
        var first = await Run.Worker.InvokeAsync("OnceWithOutput", Run.Message("once-with-output", "x", _id));
        var duplicate = await Run.Worker.InvokeAsync("OnceWithOutput", Run.Message("once-with-output", "x", _id));
        var next = await Run.Worker.InvokeAsync("OnceWithOutput", Run.Message("once-with-output", "x", _id, ("rt-attempts", 1)));

        Assert.Equal(["x", "", "x"], new[] { first, duplicate, next }.Select(answer => answer.ReturnValue?.String ?? ""));
    }

    [Fact]
    public async Task A_message_that_was_handled_before_is_done_and_not_handled_again()
    {
        (await Run.Worker.InvokeAsync("Once", Run.Message("once", _id, _id))).AssertSuccess();
        (await Run.Worker.InvokeAsync("Once", Run.Message("once", _id, _id))).AssertSuccess();

        Assert.Single(await Run.TakeAllSeenAsync(), seen => seen.Value == _id);
        Assert.Equal(0, await Run.CountCopiesAsync("once", _id));
    }

    [Fact]
    public async Task A_copy_that_comes_back_is_seen_as_the_message_that_it_was()
    {
        (await Run.Worker.InvokeAsync("FailingOnce", Run.Message("some.topic", """{"Id":77,"Text":"again"}""", _id))).AssertSuccess();
        var copy = await Run.TakeCopyAsync("failing-once", _id);

        // As the host gets it: from the default exchange, with the queue's name.
        var again = HostMessage.Of(Run.Queue("failing-once"), copy.Body, exchange: "", messageId: _id, headers:
        [
            .. copy.BasicProperties.Headers!.Keys.Where(name => copy.Text(name) is not null).Select(name => (name, (object?)copy.Text(name))),
            ("rt-attempts", (int)copy.Number("rt-attempts")),
        ]);
        var seen = (await Run.Worker.InvokeAsync("FailingOnce", again)).Seen();

        Assert.Equal(("77:again", Run.Queue("some.topic"), "amq.topic", Run.Queue("some.topic"), 2), (seen.Value, seen.Topic, seen.Exchange, seen.RoutingKey, seen.Attempt));
    }
}
