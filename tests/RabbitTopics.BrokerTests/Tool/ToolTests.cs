using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Tool;

/// <summary>The command <c>rabbittopics</c>, run as a process.</summary>
public sealed class ToolTests(SharedBroker broker, ITestOutputHelper output)
{
    private static readonly string Program = Repository.Program("src/RabbitTopics.Tool");

    [Fact]
    public async Task Dead_letters_are_listed_shown_exported_put_back_moved_and_deleted()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var dead = $"{library.Queue}.dead";
        await FillAsync(library, 6);

        Assert.Contains("\"group\":\"System.FormatException\",\"count\":3", await RunAsync($"dead list {dead} --json"), StringComparison.Ordinal);
        Assert.Matches("max-attempts.* 3 ", await RunAsync($"dead list {dead} --by reason"));
        Assert.Contains($"\"group\":\"{library.Queue}\",\"count\":6", await RunAsync($"dead list {dead} --by queue --json"), StringComparison.Ordinal);
        Assert.Contains("\"group\":\"less than a day\",\"count\":6", await RunAsync($"dead list {dead} --by age --json"), StringComparison.Ordinal);
        var shown = JsonDocument.Parse(await RunAsync($"dead show {dead} --id m-1")).RootElement;
        var message = shown.GetProperty("message");
        Assert.Equal(("m-1", "It is wrong <b>", 1), (message.GetProperty("id").GetString(), shown.GetProperty("exceptionMessage").GetString(), message.GetProperty("body").GetProperty("number").GetInt32()));
        Assert.Equal(6, (await RunAsync($"dead export {dead} 2>/dev/null")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => JsonDocument.Parse(line).RootElement.GetProperty("queue").GetString() == dead));

        var file = Path.Combine(Directory.CreateTempSubdirectory("rabbittopics-").FullName, "dead.jsonl");
        Assert.Contains("6 message(s) written.", await RunAsync($"dead export {dead} --file {file}"), StringComparison.Ordinal);
        Assert.Contains($"The file '{file}' already exists.", await RunAsync($"dead export {dead} --file {file}", exitCode: 1), StringComparison.Ordinal);
        Assert.Equal(6, (await File.ReadAllLinesAsync(file)).Length);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);

        Assert.Contains("Would replay: 3 message(s) of 6; 3 stay(s)", await RunAsync($"dead replay {dead} --exception format --dry-run"), StringComparison.Ordinal);
        Assert.Contains("replay: 1 message(s) of 6", await RunAsync($"dead replay {dead} --id m-1"), StringComparison.Ordinal);
        Assert.Equal("""{"number":1}""", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
        Assert.Contains("move: 3 message(s) of 5", await RunAsync($"dead move {dead} --to {library.Queue} --reason max-attempts --most 5"), StringComparison.Ordinal);
        Assert.Contains("Nothing was deleted. Confirm with --yes.", await RunAsync($"dead delete {dead} < /dev/null", exitCode: 3), StringComparison.Ordinal);
        Assert.Contains("delete: 2 message(s) of 2; 0 stay(s)", await RunAsync($"dead delete {dead} --yes"), StringComparison.Ordinal);
        var status = JsonDocument.Parse(await RunAsync($"status {library.Queue} --json")).RootElement;
        Assert.Equal((3, 0), (status.GetProperty("messages").GetInt32(), status.GetProperty("parked").GetInt32()));
    }

    [Fact]
    public async Task A_dead_letter_with_half_of_a_surrogate_pair_in_its_JSON_is_shown_as_text_and_hides_no_other()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var dead = await library.DeclareQueuesAsync();
        await library.SendAsync("""{"text":"\ud83d"}""", dead);
        await library.SendAsync("""{"text":"whole"}""", dead);

        var lines = (await RunAsync($"dead export {dead} 2>/dev/null")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        var bodies = lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("message").GetProperty("body")).ToArray();
        Assert.Equal([JsonValueKind.String, JsonValueKind.Object], bodies.Select(body => body.ValueKind));
        Assert.Equal("""{"text":"\ud83d"}""", bodies[0].GetString());
    }

    [Fact]
    public async Task What_is_published_is_seen_by_whoever_watches()
    {
        var topic = $"tool.{Guid.NewGuid():N}";
        await using var tail = Start($"tail '{topic}.#' --most 2");
        await tail.WaitForOutputAsync("Watching");

        Assert.Contains($"Published to '{topic}.a'.", await RunAsync($"publish {topic}.a --body '{{\"number\":1}}'"), StringComparison.Ordinal);
        await RunAsync($"printf text | {Program} publish {topic}.b --content-type text/plain", asItIs: true);

        Assert.Equal(0, await tail.WaitForExitAsync());
        Assert.Matches($$$"""{{{topic}}}[.]a [0-9a-f-]{36} [{]"number":1[}]\n""", tail.Output);
        Assert.Matches($"{topic}[.]b [0-9a-f-]{{36}} text\n", tail.Output);
        Assert.Contains("NO_ROUTE", await RunAsync($"publish {topic}.a --body 1 --exchange ''", exitCode: 1), StringComparison.Ordinal);
        Assert.Contains("Exchange 'no-such-exchange' at", await RunAsync("tail '#' --exchange no-such-exchange", exitCode: 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_finds_nothing_wrong_with_the_queues_of_an_app_and_names_those_that_are_missing()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await using (var consumer = library.Consumer(library.Consuming(type: "quorum"), (_, _) => ValueTask.CompletedTask))
        {
            consumer.Start();
            await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
            Assert.EndsWith("Nothing is wrong.\n", await RunAsync($"doctor {library.Queue}"), StringComparison.Ordinal);
        }

        await library.Channel.QueueDeleteAsync($"{library.Queue}.retry.5000");
        Assert.Contains($"PROBLEM  there is no queue '{library.Queue}.retry.5000', in which messages wait", await RunAsync($"doctor {library.Queue}", exitCode: 1), StringComparison.Ordinal);
        Assert.Contains("PROBLEM  there is no queue 'no-such-queue'", await RunAsync("doctor no-such-queue", exitCode: 1), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5, "PROBLEM", "drops a message that is returned more than 5 times, as its arguments say")]
    [InlineData(null, "note   ", "has no x-delivery-limit, and RabbitMQ 4 drops a message that is returned more than 20 times")]
    public async Task The_doctor_names_a_queue_that_may_drop_messages(int? limit, string mark, string problem)
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var arguments = new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = $"{library.Queue}.dead" }; // As the library makes it.
        if (limit is not null)
        {
            arguments["x-delivery-limit"] = limit;
        }

        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false, arguments);
        await library.Broker.Consuming.GetOpenAsync(CancellationToken.None);
        var said = await RunAsync($"doctor {library.Queue}", exitCode: 1); // The queues beside it are missing.

        Assert.Equal(library.Broker.LimitsDeliveries, said.Contains($"{mark}  queue '{library.Queue}' {problem}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_doctor_names_a_permission_that_is_missing()
    {
        await using var own = await PrivateBroker.StartNewAsync();
        await own.ControlAsync("add_user", "modest", "s3cret");
        await own.ControlAsync("set_permissions", "modest", "", "", ".*");
        await using var tool = AppProcess.Start($"{Program} doctor", new Dictionary<string, string?> { ["RabbitMQ"] = new UriBuilder(own.Uri) { UserName = "modest", Password = "s3cret" }.Uri.OriginalString });

        Assert.Equal(1, await tool.WaitForExitAsync());
        Assert.True(Regex.IsMatch(tool.Output, "PROBLEM .*lacks the permission 'write' on exchange 'amq.default'"), tool.Output);
        Assert.DoesNotContain("s3cret", tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_the_management_API_all_queues_and_their_bindings_are_seen()
    {
        await using var own = await PrivateBroker.StartNewAsync(withManagement: true);
        await using var library = await Library.OnAsync(own.Uri);
        await using (var consumer = library.Consumer((_, _) => ValueTask.CompletedTask, queue: "orders")) // Bound by its name.
        {
            consumer.Start();
            await Client.WaitForConsumersAsync(own.Uri, "orders");
        }

        await library.Channel.QueueBindAsync("orders", "amq.topic", "earlier.*");
        await library.Channel.QueueBindAsync("orders", "amq.fanout", "");
        await library.SendAsync("a", "orders");
        await library.Channel.QueueDeclareAsync("orders.retry.3600000", durable: true, exclusive: false, autoDelete: false);
        await library.SendAsync("b", "orders.retry.3600000");
        await Wait.UntilAsync(async () => (await RunAsync("status --json")).Contains("""{"queue":"orders","exists":true,"messages":1,"consumers":0,"retrying":1,"parked":0,"in":""", StringComparison.Ordinal),
            "figures, which are some seconds old");

        var said = await RunAsync("doctor orders --topic orders", exitCode: 1);
        Assert.Contains("ok       queue 'orders' gets 'orders' of exchange 'amq.topic'", said, StringComparison.Ordinal);
        Assert.Contains("PROBLEM  queue 'orders' gets 'earlier.*' of exchange 'amq.topic', which --topic does not name.", said, StringComparison.Ordinal);
        Assert.Contains("rabbitmqadmin --vhost='/' delete binding source='amq.topic' destination_type=queue destination='orders' properties_key='earlier.*'", said, StringComparison.Ordinal);
        Assert.Contains("note     queue 'orders' gets '' of exchange 'amq.fanout', too", said, StringComparison.Ordinal); // It may be another subscription of the app.
        Assert.Contains("does not get 'new' of exchange 'amq.topic'", await RunAsync("doctor orders --topic new", exitCode: 1), StringComparison.Ordinal);
        Assert.Contains("note     queue 'orders' gets '' of exchange 'amq.fanout', 'earlier.*' of exchange 'amq.topic', 'orders' of", await RunAsync("doctor orders", exitCode: 1), StringComparison.Ordinal);

        await own.ControlAsync("set_user_tags", "rabbittopics");
        Assert.Contains("it does not take the user of the broker's URI. Give that user the tag 'management'", await RunAsync("status", exitCode: 1), StringComparison.Ordinal);

        async Task<string> RunAsync(string command, int exitCode = 0)
        {
            await using var tool = AppProcess.Start($"{Program} {command} --management {own.Management}", new Dictionary<string, string?> { ["RabbitMQ"] = own.Uri.OriginalString });
            Assert.Equal(exitCode, await tool.WaitForExitAsync());
            return tool.Output;
        }
    }

    [Fact]
    public async Task A_message_may_be_published_with_a_delay_for_which_no_queue_is_there_yet()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);

        await RunAsync($"publish {library.Queue} --exchange '' --body text --delay 00:00:00.100");

        Assert.Equal("text", Encoding.UTF8.GetString((await library.Channel.TakeAsync(library.Queue)).Body.Span));
        await Client.TryDeleteQueueAsync(broker.Uri, $"{library.Queue}@.delay.100");
    }

    [Theory]
    [InlineData("dead list no-such-queue", 1, "The queue 'no-such-queue' at")]
    [InlineData("dead replay", 2, "QUEUE")]
    [InlineData("dead replay q --older-than 7", 2, "'7' is not a time")]
    [InlineData("publish t --body 1 --delay 5", 2, "'5' is not a time")]
    [InlineData("doctor q --delays 5", 2, "'5' is not a time")]
    [InlineData("status", 2, "Name a QUEUE, or the broker's management API with --management")]
    [InlineData("ui", 2, "Name a QUEUE, or the broker's management API with --management")]
    [InlineData("ui q --listen here", 2, "'here' is not an IP address.")]
    [InlineData("ui q --port 70000", 2, "--port is to be from 0 to 65535.")]
    [InlineData("status q --management http://guest:s3cret@localhost:15672", 2, "The address of --management is no http or https address without a user.")]
    [InlineData("status q --management http://127.0.0.1:1", 1, "The management API at http://127.0.0.1:1/ does not answer")]
    [InlineData("doctor q --topic a", 2, "--topic is for one QUEUE, and needs --management")]
    [InlineData("dead list q --setting Nowhere", 1, "The setting 'Nowhere' is missing or empty. Set it")]
    public async Task What_is_wrong_is_said_with_an_exit_code(string command, int exitCode, string text) =>
        Assert.Contains(text, await RunAsync(command, exitCode), StringComparison.Ordinal);

    [Fact]
    public async Task A_replay_that_is_killed_has_lost_nothing_and_goes_on()
    {
        const int count = 10_000;
        await using var library = await Library.OnAsync(broker.Uri);
        await FillAsync(library, count);

        await using (var first = Start($"dead replay {library.Queue}.dead"))
        {
            await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, library.Queue) > count / 4, "the middle");
            first.Kill();
            await first.WaitForExitAsync();
        }

        var replayed = await Client.CountAsync(broker.Uri, library.Queue);
        Assert.InRange(replayed, 1u, count - 1u);
        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, $"{library.Queue}.dead") + replayed >= count, "what the killed one had at hand");
        await RunAsync($"dead replay {library.Queue}.dead");

        var numbers = new List<int>();
        while (await library.Channel.BasicGetAsync(library.Queue, autoAck: true) is { } got)
        {
            numbers.Add(JsonDocument.Parse(got.Body).RootElement.GetProperty("number").GetInt32());
        }

        output.WriteLine($"{count} dead letters, killed after {replayed}: {count - numbers.Distinct().Count()} lost, {numbers.Count - numbers.Distinct().Count()} twice.");
        Assert.Equal(count, numbers.Distinct().Count());
        Assert.InRange(numbers.Count - count, 0, 100);
        Assert.Equal(0u, await Client.CountAsync(broker.Uri, $"{library.Queue}.dead"));
    }

    /// <summary>Puts messages into the dead-letter queue as they are parked, their numbers in the body; every other one for another reason.</summary>
    private static async Task FillAsync(Library library, int count)
    {
        var dead = await library.DeclareQueuesAsync();

        for (var number = 0; number < count; number++)
        {
            await library.Channel.BasicPublishAsync("", dead, mandatory: true, new BasicProperties
            {
                MessageId = string.Create(CultureInfo.InvariantCulture, $"m-{number}"),
                Headers = new Dictionary<string, object?>
                {
                    [HeaderNames.Topic] = "orders.created",
                    [HeaderNames.OriginalExchange] = "amq.topic",
                    [HeaderNames.OriginalRoutingKey] = "orders.created",
                    [HeaderNames.OriginalQueue] = library.Queue,
                    [HeaderNames.DeadLetterReason] = number % 2 == 0 ? DeadLetterReasons.MaxAttempts : DeadLetterReasons.NonRetryable,
                    [HeaderNames.ExceptionType] = number % 2 == 0 ? "System.TimeoutException" : "System.FormatException",
                    [HeaderNames.ExceptionMessage] = "It is wrong <b>",
                    [HeaderNames.DeadLetterTime] = new AmqpTimestamp(DateTimeOffset.UtcNow.AddHours(-2).ToUnixTimeSeconds()),
                },
            }, Encoding.UTF8.GetBytes($$"""{"number":{{number}}}"""));
        }

        await Wait.UntilAsync(async () => await library.Channel.MessageCountAsync(dead) == count, "the dead letters");
    }

    private AppProcess Start(string command, bool asItIs = false) => AppProcess.Start(asItIs ? $"sh -c \"{command}\"" : $"{Program} {command}", new Dictionary<string, string?> { ["RabbitMQ"] = broker.Uri.OriginalString, ["NO_COLOR"] = "1", ["COLUMNS"] = "200" });

    private async Task<string> RunAsync(string command, int exitCode = 0, bool asItIs = false)
    {
        await using var tool = Start(command, asItIs);
        Assert.Equal(exitCode, await tool.WaitForExitAsync());
        return tool.Output;
    }
}
