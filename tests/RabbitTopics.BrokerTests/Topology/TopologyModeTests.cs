using RabbitMQ.Client.Exceptions;
using RabbitTopics.Brokers;
using RabbitTopics.TestSupport;
using RabbitTopics.Topology;

namespace RabbitTopics.BrokerTests.Topology;

/// <summary>What is declared, looked for, refused and reported.</summary>
public sealed class TopologyModeTests(SharedBroker broker)
{
    private static readonly HandlerOptions Parking = new() { OnError = new ErrorPolicy { Action = ErrorAction.DeadLetter } };

    [Fact]
    public async Task A_queue_is_made_with_the_properties_that_it_was_given()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var properties = new QueueProperties
        {
            Arguments = new Dictionary<string, object?>
            {
                ["x-max-priority"] = 5,
                ["x-single-active-consumer"] = true,
                ["x-max-length"] = 10L,
                ["x-overflow"] = "reject-publish",
                ["x-message-ttl"] = 60_000L,
                ["x-expires"] = 600_000L,
                ["x-dead-letter-exchange"] = "",
                ["x-dead-letter-routing-key"] = "gone",
            },
        };
        var topology = new QueueTopology("RabbitMQ", library.Queue, []) { Properties = properties };

        await TopologyDeclarer.ApplyAsync(library.Broker, topology, library.Queue, CancellationToken.None);

        // The broker answers whether a queue of exactly these properties is there.
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>(properties.Arguments));
        var other = new Dictionary<string, object?>(properties.Arguments) { ["x-max-length"] = 11L };
        await Assert.ThrowsAsync<OperationInterruptedException>(() => library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false, other));
    }

    [Fact]
    public async Task A_quorum_queue_of_before_RabbitMQ_4_is_used_as_it_is_and_a_warning_has_the_policy_that_lifts_its_limit()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        var quorum = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false, quorum);
        var topology = new QueueTopology("RabbitMQ", library.Queue, []) { Properties = new QueueProperties { Arguments = quorum } };

        await TopologyDeclarer.ApplyAsync(library.Broker, topology, library.Queue, CancellationToken.None);
        await TopologyDeclarer.ApplyAsync(library.Broker, topology, library.Queue, CancellationToken.None);

        var warnings = library.Log.Lines.Count(line => line.Contains($"Quorum queue '{library.Queue}'", StringComparison.Ordinal) && line.Contains("delivery-limit\": -1", StringComparison.Ordinal));
        Assert.Equal(library.Broker.LimitsDeliveries ? 1 : 0, warnings);
    }

    [Fact]
    public async Task A_queue_that_exists_with_other_arguments_is_named_with_the_argument_and_other_queues_are_consumed()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-max-length"] = 5 });
        var other = $"{library.Queue}.other";
        var seen = 0;
        await using var refused = library.Consumer((_, _) => ValueTask.CompletedTask);
        await using var consumer = library.Consumer((_, _) =>
        {
            Interlocked.Increment(ref seen);
            return ValueTask.CompletedTask;
        }, queue: other);
        refused.Start();
        consumer.Start();

        await Client.WaitForConsumersAsync(broker.Uri, other);
        await library.SendAsync("x", other);
        await Wait.UntilAsync(() => seen == 1, "the message of the other queue");
        await library.Log.WaitForAsync("PRECONDITION_FAILED");
        var error = library.Log.Lines.First(line => line.Contains("PRECONDITION_FAILED", StringComparison.Ordinal));
        Assert.Contains($"queue '{library.Queue}'", error, StringComparison.Ordinal);
        Assert.Contains("'x-max-length'", error, StringComparison.Ordinal);
        await consumer.DisposeAsync();
        await library.DeleteQueueAsync(other);
    }

    [Fact]
    public async Task An_app_that_only_verifies_works_without_the_configure_permission_and_says_what_is_missing()
    {
        await using var own = await PrivateBroker.StartNewAsync();
        await own.ControlAsync("add_user", "modest", "s3cret");
        await own.ControlAsync("set_permissions", "modest", "^$", ".*", ".*");
        var modest = new UriBuilder(own.Uri) { UserName = "modest", Password = "s3cret" }.Uri;
        await using var owner = await Library.OnAsync(own.Uri);
        await using var library = await Library.OnAsync(modest, options => options.Topology = TopologyMode.Verify);
        await using var consumer = library.Consumer((_, _) => throw new InvalidOperationException("It fails."), Parking, owner.Queue);
        consumer.Start();

        await library.Log.WaitForAsync($"NOT_FOUND - no queue '{owner.Queue}'");
        await owner.Channel.QueueDeclareAsync(owner.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Log.WaitForAsync($"NOT_FOUND - no queue '{owner.Queue}.dead'");
        await owner.Channel.QueueDeclareAsync($"{owner.Queue}.dead", durable: true, exclusive: false, autoDelete: false);

        await Client.WaitForConsumersAsync(own.Uri, owner.Queue);
        await owner.SendAsync("x");
        var parked = await owner.Channel.TakeAsync($"{owner.Queue}.dead");
        Assert.Equal("failed", parked.HeaderText("rt-dead-letter-reason"));

    }

    [Fact]
    public async Task An_app_that_may_not_configure_and_tries_to_is_told_which_permission_it_lacks()
    {
        await using var own = await PrivateBroker.StartNewAsync();
        await own.ControlAsync("add_user", "modest", "s3cret");
        await own.ControlAsync("set_permissions", "modest", "^$", ".*", ".*");
        await using var library = await Library.OnAsync(new UriBuilder(own.Uri) { UserName = "modest", Password = "s3cret" }.Uri);
        await using var consumer = library.Consumer((_, _) => ValueTask.CompletedTask);
        consumer.Start();

        await Wait.UntilAsync(() => library.Log.Lines.Any(line => line.Contains("ACCESS_REFUSED", StringComparison.Ordinal)
            && line.Contains("The user lacks the permission 'configure'", StringComparison.Ordinal)), "the error");
        Assert.DoesNotContain(library.Log.Lines, line => line.Contains("s3cret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_app_that_does_nothing_about_its_topology_makes_nothing()
    {
        await using var library = await Library.OnAsync(broker.Uri, options => options.Topology = TopologyMode.None);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await using var consumer = library.Consumer((_, _) => throw new InvalidOperationException("It fails, and there is no queue to park it in."), Parking);
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        await library.SendAsync("x");

        await Wait.UntilAsync(() => library.Log.Lines.Count(line => line.Contains("stays in its queue, as its copy could not be published", StringComparison.Ordinal)
            && line.Contains($"{library.Queue}.dead", StringComparison.Ordinal)) >= 2, "a second try");
        Assert.False(await Client.QueueExistsAsync(broker.Uri, $"{library.Queue}.dead"));

        await library.Channel.QueueDeclareAsync($"{library.Queue}.dead", durable: true, exclusive: false, autoDelete: false);
        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, $"{library.Queue}.dead") == 1, "the copy, once somebody has made its queue");
    }
}
