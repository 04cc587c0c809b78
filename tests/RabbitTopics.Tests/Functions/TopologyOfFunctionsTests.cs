using Microsoft.Extensions.Configuration;
using RabbitTopics.Connections;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Topology;

namespace RabbitTopics.Tests.Functions;

public sealed class TopologyOfFunctionsTests
{
    private static readonly FunctionDescription Empty = new("F", typeof(TopologyOfFunctionsTests).GetMethods()[0], []);

    private readonly IConfiguration _configuration = new ConfigurationBuilder().AddInMemoryCollection(
    [
        new("RabbitMQ", "amqp://broker"),
        new("Other", "amqp://other"),
        new("NAME", "resolved"),
    ]).Build();

    [Fact]
    public void A_subscribed_queue_is_bound_to_its_topics_on_the_apps_exchange_or_its_own()
    {
        var topology = Build(Subscribed(new("message", "%NAME%-queue") { Broker = BrokerReference.Parse("Other") },
            new TopicSubscriptionAttribute("a.*"), new TopicSubscriptionAttribute("%NAME%.#") { Exchange = "own" }));

        Assert.Equal([new TopicBinding("amq.topic", "a.*"), new TopicBinding("own", "resolved.#")], topology.Find("Other", "resolved-queue")!.Bindings);
        Assert.Empty(topology.Problems.All);
    }

    [Fact]
    public void A_subscription_that_is_removed_is_unbound_and_not_bound()
    {
        var removed = new TopicSubscriptionAttribute("old.#") { Remove = true };
        var queue = Build(Subscribed(new("message", "queue"), new TopicSubscriptionAttribute("new.#"), removed)).Find("RabbitMQ", "queue")!;

        Assert.Equal([new TopicBinding("amq.topic", "new.#")], queue.Bindings);
        Assert.Equal([new TopicBinding("amq.topic", "old.#")], queue.Removed);
        AssertProblem("it subscribes to 'old.#' and has it removed", Subscribed(new("message", "queue"), new TopicSubscriptionAttribute("old.#"), removed));
    }

    [Fact]
    public void A_queue_with_a_name_of_the_brokers_own_is_refused() =>
        AssertProblem("begins with 'amq.', which only the broker gives", Subscribed(new("message", "amq.mine"), new TopicSubscriptionAttribute("a")));

    [Fact]
    public void A_queue_with_no_name_is_refused_and_not_declared() =>
        Assert.Empty(Build(Subscribed(new("message", ""), new TopicSubscriptionAttribute("a"))).Queues);

    [Fact]
    public void A_trigger_without_a_subscription_declares_nothing() => Assert.Empty(Build(Subscribed(new("message", "queue"))).Queues);

    [Fact]
    public void The_exchange_of_an_output_is_declared_on_its_broker()
    {
        var topology = Build(Publishing(new TopicOutputAttribute("topic") { Exchange = "%NAME%", ConnectionStringSetting = "Other" }));

        Assert.Equal([("resolved", "topic")], topology.ExchangesOn("Other"));
    }

    [Fact]
    public void The_default_exchange_of_an_output_is_not_declared() =>
        Assert.Empty(Build(Publishing(new TopicOutputAttribute("queue") { Exchange = "" })).ExchangesOn("RabbitMQ"));

    [Fact]
    public void The_exchange_of_an_output_has_the_type_that_it_is_given_else_that_of_the_app()
    {
        Assert.Equal([("own", "fanout")], Build(Publishing(new TopicOutputAttribute("a") { Exchange = "own", ExchangeType = "fanout" })).ExchangesOn("RabbitMQ"));

        var topology = Build(new RabbitTopicsOptions { ExchangeType = "direct" }, Publishing(new TopicOutputAttribute("a") { Exchange = "own" }),
            Publishing(new TopicOutputAttribute("a")), Subscribed(new("message", "queue"), new TopicSubscriptionAttribute("a") { Exchange = "subscribed" }));
        Assert.Equal([("own", "direct"), ("amq.topic", "topic")], topology.ExchangesOn("RabbitMQ"));
        Assert.Equal("direct", Assert.Single(topology.Find("RabbitMQ", "queue")!.Bindings).ExchangeType);
    }

    [Fact]
    public void An_exchange_has_one_type_in_the_whole_app()
    {
        var fanout = Publishing(new TopicOutputAttribute("a") { Exchange = "own", ExchangeType = "fanout" });
        var direct = Publishing(new TopicOutputAttribute("a") { Exchange = "own", ExchangeType = "direct" });
        var subscribed = Subscribed(new("message", "queue"), new TopicSubscriptionAttribute("a") { Exchange = "own" });

        foreach (var functions in new[] { new[] { fanout, direct }, [fanout, subscribed], [subscribed, fanout] })
        {
            Assert.Contains("Give them one ExchangeType", Assert.Single(Build(new RabbitTopicsOptions(), functions).Problems.All), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_exchange_type_of_an_output_or_of_the_app_that_cannot_be_is_named()
    {
        AssertProblem("publishes to the exchange 'amq.direct' as 'topic'", Publishing(new TopicOutputAttribute("a") { Exchange = "amq.direct", ExchangeType = "topic" }));
        Assert.Contains("ExchangeType is 'round'", Assert.Single(new RabbitTopicsOptions { ExchangeType = "round" }.Problems()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "publishes to ''")]
    [InlineData("orders.*", "publishes to 'orders.*'")]
    [InlineData("#", "wildcards are for subscriptions")]
    [InlineData("%MISSING%", "refers to the setting 'MISSING'")]
    public void An_output_needs_one_topic(string topic, string problem) => AssertProblem(problem, Publishing(new TopicOutputAttribute(topic)));

    [Fact]
    public void An_output_needs_a_broker() =>
        AssertProblem("The setting 'Nowhere' is missing", Publishing(new TopicOutputAttribute("topic") { ConnectionStringSetting = "Nowhere" }));

    [Fact]
    public void The_exchange_of_a_collector_is_declared_and_its_topic_is_checked()
    {
        var collector = new TopicCollectorParameter("items", typeof(ITopicCollector<string>), new TopicOutputAttribute("a") { Exchange = "own" });

        Assert.Equal([("own", "topic")], Build(Collecting(collector)).ExchangesOn("RabbitMQ"));
        AssertProblem("publishes to 'a.*'", Collecting(collector with { Output = new TopicOutputAttribute("a.*") }));
    }

    [Fact]
    public void A_collector_needs_its_type_and_its_topic_and_is_the_only_one_of_its_type()
    {
        var output = new TopicOutputAttribute("a");
        var collector = new TopicCollectorParameter("items", typeof(ITopicCollector<string>), output);

        AssertProblem("'items' needs both", Collecting(collector with { Output = null }));
        AssertProblem("'items' needs both", Collecting(collector with { Type = typeof(string) }));
        AssertProblem("'items' and 'more' are collectors of one type", Collecting(collector, collector with { Name = "more" }));
    }

    [Theory]
    [InlineData("orders*", "'orders*'")]
    [InlineData("a.b##.c", "'b##'")]
    public void A_wildcard_is_a_whole_word(string topic, string word) =>
        AssertProblem($"where {word} would be taken as it stands", Subscribed(new("message", "queue"), new TopicSubscriptionAttribute(topic)));

    [Theory]
    [InlineData("")]
    [InlineData("%EMPTY%")]
    public void A_trigger_needs_a_queue(string queue)
    {
        _configuration["EMPTY"] = "";
        AssertProblem("names an empty queue", Subscribed(new("message", queue)));
        AssertProblem("names an empty queue", Subscribed(new("message", queue), new TopicSubscriptionAttribute("a")));
    }

    [Fact]
    public void A_disabled_function_needs_nothing()
    {
        _configuration["AzureWebJobs:F:Disabled"] = "true";

        Assert.Empty(Build(Subscribed(new("message", "%MISSING%"), new TopicSubscriptionAttribute("%MISSING%"))).Problems.All);
    }

    [Fact]
    public void Queue_options_without_a_subscription_are_refused() =>
        AssertProblem("it has [QueueOptions] and no [TopicSubscription]", Subscribed(new("message", "queue")) with { QueueOptions = new() { Type = "quorumm" } });

    [Theory]
    [InlineData(nameof(Settling), "its parameter 'actions' is a TopicMessageActions, which only a function with [RabbitMQTrigger] has")]
    [InlineData(nameof(Enveloped), "its parameter 'message' is a TopicMessage, which")]
    public void What_belongs_to_a_message_is_refused_in_a_function_without_one(string method, string problem)
    {
        var function = Empty with { Method = ((Delegate)(method == nameof(Settling) ? Settling : Enveloped)).Method };

        AssertProblem(problem, function);
        Assert.Empty(Build(function with { Trigger = new("message", "queue") }).Problems.All);
    }

    private static void Settling(TopicMessageActions actions) => Assert.NotNull(actions);

    private static void Enveloped(TopicMessage<string> message) => Assert.NotNull(message);

    [Fact]
    public void What_is_wrong_for_several_functions_is_said_once()
    {
        var output = new TopicOutputAttribute("topic") { ConnectionStringSetting = "Nowhere" };
        FunctionDescription[] functions = [Publishing(output) with { Name = "A" }, Publishing(output) with { Name = "B" }];

        var problems = new TopologyOfFunctions(new RabbitTopicsOptions(), new SettingReferences(_configuration), _configuration).Build(functions).Problems;
        problems.Add(problems);

        Assert.StartsWith("Functions 'A', 'B': The setting 'Nowhere' is missing", Assert.Single(problems.All), StringComparison.Ordinal);
    }

    [Fact]
    public void A_subscription_needs_a_topic_and_a_trigger()
    {
        AssertProblem("subscribes to the default exchange", Subscribed(new("message", "queue"), new TopicSubscriptionAttribute("a") { Exchange = "" }));
        AssertProblem("subscribes to an empty topic", Subscribed(new("message", "queue"), new TopicSubscriptionAttribute(" ")));
        AssertProblem("no [RabbitMQTrigger]", Subscribed(null, new TopicSubscriptionAttribute("topic")));
    }

    [Fact]
    public void An_exchange_of_the_brokers_own_has_its_type_by_name_and_another_the_one_it_is_given()
    {
        var topology = Build(Subscribed(new("message", "queue"), new TopicSubscriptionAttribute("") { Exchange = "amq.fanout" },
            new TopicSubscriptionAttribute("") { Exchange = "own", ExchangeType = "headers", Arguments = ["x-match", "all", "version", 2] }));

        var bindings = topology.Find("RabbitMQ", "queue")!.Bindings;
        Assert.Empty(topology.Problems.All);
        Assert.Equal(["fanout", "headers"], bindings.Select(binding => binding.ExchangeType));
        Assert.Equal(new Dictionary<string, object?> { ["x-match"] = "all", ["version"] = 2 }, bindings[1].Arguments);
    }

    [Fact]
    public void Two_subscriptions_cannot_give_one_exchange_two_types() => AssertProblem("'own' as fanout, and another subscription or output as topic",
        Subscribed(new("message", "queue"), new TopicSubscriptionAttribute("a") { Exchange = "own" }, new TopicSubscriptionAttribute("a") { Exchange = "own", ExchangeType = "fanout" }));

    [Theory]
    [InlineData("amq.direct", "topic")]
    [InlineData("own", "round")]
    public void An_exchange_type_that_cannot_be_is_named(string exchange, string type) => AssertProblem($"'{exchange}' as '{type}'",
        Subscribed(new("message", "queue"), new TopicSubscriptionAttribute("a") { Exchange = exchange, ExchangeType = type }));

    [Fact]
    public void Two_functions_cannot_take_their_topics_from_one_queue()
    {
        FunctionDescription[] functions = [Named("First"), Named("Second")];

        var problem = Assert.Single(Build(new RabbitTopicsOptions(), functions).Problems.All);
        Assert.StartsWith("Function 'Second': its queue 'queue' is that of function 'First', too", problem, StringComparison.Ordinal);

        static FunctionDescription Named(string name) => Subscribed(new("message", "queue"), new TopicSubscriptionAttribute(name)) with { Name = name };
    }

    [Fact]
    public void The_options_of_a_queue_become_its_arguments()
    {
        var options = new QueueOptionsAttribute
        {
            Type = "classic",
            MaxPriority = 9,
            SingleActiveConsumer = true,
            MaxLength = 10,
            MaxLengthBytes = 1000,
            Overflow = "reject-publish",
            MessageTtl = "00:00:10",
            Expires = "1.00:00:00",
            DeadLetterExchange = "%NAME%",
            DeadLetterRoutingKey = "gone",
            Arguments = ["x-queue-mode", "lazy"],
        };

        var topology = Build(Subscribed(new("message", "queue"), new TopicSubscriptionAttribute("a")) with { QueueOptions = options });

        Assert.Empty(topology.Problems.All);
        Assert.Equal(
            new Dictionary<string, object?>
            {
                ["x-queue-mode"] = "lazy",
                ["x-queue-type"] = "classic",
                ["x-max-priority"] = 9,
                ["x-single-active-consumer"] = true,
                ["x-max-length"] = 10L,
                ["x-max-length-bytes"] = 1000L,
                ["x-overflow"] = "reject-publish",
                ["x-message-ttl"] = 10_000L,
                ["x-expires"] = 86_400_000L,
                ["x-dead-letter-exchange"] = "resolved",
                ["x-dead-letter-routing-key"] = "gone",
            },
            topology.Find("RabbitMQ", "queue")!.Properties.Arguments);
    }

    [Fact]
    public void What_the_broker_drops_from_a_quorum_queue_goes_to_its_dead_letter_queue()
    {
        var arguments = Build(Subscribed(new("message", "queue"), new TopicSubscriptionAttribute("a")) with { QueueOptions = new() { Type = "quorum" } })
            .Find("RabbitMQ", "queue")!.Properties.Arguments;

        Assert.Equal(("", "queue.dead"), (arguments["x-dead-letter-exchange"], arguments["x-dead-letter-routing-key"]));
    }

    public static TheoryData<QueueOptionsAttribute, string> WrongQueueOptions => new()
    {
        { new() { Type = "stream" }, "[QueueOptions(Type)] is 'stream'" },
        { new() { Type = "quorum", AutoDelete = true }, "quorum queue that is not durable" },
        { new() { Type = "quorum", MaxPriority = 3 }, "quorum queue that is not durable" },
        { new() { MaxPriority = 300 }, "Write 1 to 255" },
        { new() { MaxPriority = 0 }, "Write 1 to 255" },
        { new() { MaxLength = -1 }, "at least 1" },
        { new() { MaxLength = 0 }, "at least 1" },
        { new() { MaxLengthBytes = 0, Overflow = "drop-head" }, "at least 1" },
        { new() { MaxLength = 5 }, "does not say what a full one does" },
        { new() { Overflow = "explode" }, "[QueueOptions(Overflow)] is 'explode'" },
        { new() { MessageTtl = "soon" }, "[QueueOptions(MessageTtl)] is 'soon'" },
        { new() { Arguments = ["x-queue-mode"] }, "names and values in turn" },
        { new() { Arguments = [1, "x"] }, "names and values in turn" },
        { new() { MaxLength = 5, Overflow = "drop-head", Arguments = ["x-max-length", 7] }, "'x-max-length' twice" },
    };

    [Theory]
    [MemberData(nameof(WrongQueueOptions))]
    public void Queue_options_that_make_no_sense_are_named(QueueOptionsAttribute options, string problem) =>
        AssertProblem(problem, Subscribed(new("message", "queue"), new TopicSubscriptionAttribute("a")) with { QueueOptions = options });

    [Fact]
    public void All_that_is_wrong_with_a_function_is_said_at_once_and_nothing_of_its_queue_is_declared()
    {
        var topology = Build(Subscribed(new("message", "queue"), new("a"), new("b*"), new("")) with
        {
            QueueOptions = new() { Type = "stream" },
            Outputs = [new TopicOutput(new("#"), result => result)],
        });

        Assert.Collection(topology.Problems.All,
            problem => Assert.Contains("'b*'", problem, StringComparison.Ordinal),
            problem => Assert.Contains("it subscribes to an empty topic", problem, StringComparison.Ordinal),
            problem => Assert.Contains("[QueueOptions(Type)] is 'stream'", problem, StringComparison.Ordinal),
            problem => Assert.Contains("it publishes to '#'", problem, StringComparison.Ordinal));
        Assert.Empty(topology.Queues);
    }

    private static FunctionDescription Subscribed(RabbitMQBinding? trigger, params TopicSubscriptionAttribute[] subscriptions) =>
        Empty with { Trigger = trigger, Subscriptions = subscriptions };

    private static FunctionDescription Publishing(TopicOutputAttribute output) => Empty with { Outputs = [new TopicOutput(output, result => result)] };

    private static FunctionDescription Collecting(params TopicCollectorParameter[] collectors) => Empty with { Collectors = collectors };

    private AppTopology Build(FunctionDescription function) => Build(new RabbitTopicsOptions(), function);

    private AppTopology Build(RabbitTopicsOptions options, params FunctionDescription[] functions) =>
        new TopologyOfFunctions(options, new SettingReferences(_configuration), _configuration).Build(functions);

    private void AssertProblem(string problem, FunctionDescription function)
    {
        var said = Assert.Single(Build(function).Problems.All);
        Assert.StartsWith("Function 'F': ", said, StringComparison.Ordinal);
        Assert.Contains(problem, said, StringComparison.Ordinal);
    }
}
