using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using RabbitTopics.Testing.App;
using RabbitTopics.Testing.Hosting;

namespace RabbitTopics.Testing.Tests;

public sealed class TestAppTests
{
    private readonly FakeStock _stock = new();

    [Fact]
    public async Task A_message_goes_through_the_apps_middleware_to_its_function_and_the_result_is_published()
    {
        await using var app = await StartAsync();

        var result = await app.SendAsync("orders.created", new Order(7, "pen"));

        Assert.Equal((HandlingOutcome.Completed, "Send"), (result.Outcome, result.Function));
        Assert.Null(result.Exception);
        Assert.Equal("pen", Assert.Single(_stock.Taken));
        var published = Assert.Single(app.Published);
        Assert.Equal(("orders.sent", "amq.topic"), (published.Topic, published.Exchange));
        Assert.Equal(new Sent(7, app.Time.GetUtcNow()), published.As<Sent>());
        Assert.Equal("orders.sent", published.Headers.GetString("Micro-Topic"));
        Assert.True(published.Message.Properties.Persistent);
        Assert.Contains(app.Log, line => line.Text == "Before Send");
        Assert.Contains(app.Log, line => line.Text == "Hello"); // Of its hosted service.
    }

    [Fact]
    public async Task A_message_that_fails_is_tried_again_after_its_delays_in_no_time_and_then_parked()
    {
        _stock.Failure = new TimeoutException("No answer.");
        await using var app = await StartAsync();
        var begun = app.Time.GetUtcNow();

        var result = await app.SendAsync("orders.created", new Order(7, "pen"));

        Assert.Equal(HandlingOutcome.DeadLettered, result.Outcome);
        Assert.Equal([1.0, 5, 25, null], result.Attempts.Select(attempt => attempt.Delay?.TotalSeconds));
        Assert.All(result.Attempts, attempt => Assert.Same(_stock.Failure, attempt.Exception));
        Assert.Equal(TimeSpan.FromSeconds(31), app.Time.GetUtcNow() - begun);
        Assert.Equal(DeadLetterReasons.MaxAttempts, result.DeadLetterReason);
        Assert.Equal(new Order(7, "pen"), result.DeadLetter!.As<Order>());
        Assert.Contains("No answer.", result.DeadLetter.Headers.GetString(HeaderNames.ExceptionMessage), StringComparison.Ordinal);
        Assert.Empty(app.Published);
    }

    [Fact]
    public async Task A_message_that_fails_at_first_is_completed_by_a_later_attempt()
    {
        _stock.Failure = new TimeoutException("No answer.");
        _stock.Failures = 2;
        await using var app = await StartAsync();

        var result = await app.SendAsync("orders.created", new Order(7, "pen"));

        Assert.Equal((HandlingOutcome.Completed, 3), (result.Outcome, result.Attempts.Count));
    }

    [Fact]
    public async Task A_body_that_is_not_what_the_function_takes_is_parked_as_poison()
    {
        await using var app = await StartAsync();

        var result = await app.SendAsync("orders.created", "{ no JSON");

        Assert.Equal((HandlingOutcome.DeadLettered, DeadLetterReasons.Poison), (result.Outcome, result.DeadLetterReason));
        Assert.Contains("JSON", $"{result.Exception}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_publish_that_the_test_makes_fail_fails_the_handler()
    {
        var answers = 0;
        await using var app = await StartAsync(options => options.OnPublish = message =>
        {
            if (answers++ == 0)
            {
                throw new PublishReturnedException(message.Exchange, message.Topic, "NO_ROUTE");
            }
        });

        var result = await app.SendAsync("orders.created", new Order(7, "pen"));

        Assert.Equal((HandlingOutcome.Completed, 2), (result.Outcome, result.Attempts.Count));
        Assert.IsType<PublishReturnedException>(result.Attempts[0].Exception);
        Assert.Single(app.Published);
    }

    [Fact]
    public async Task A_message_of_any_publisher_is_given_as_it_is()
    {
        await using var app = await StartAsync();
        var message = new TopicMessage { Topic = "plain", Body = Encoding.UTF8.GetBytes("text"), Headers = new MessageHeaders([new("kind", "odd")]), RoutingKey = "some.key", Exchange = "some" };

        var result = await app.SendToAsync("plain", message);

        Assert.Equal(HandlingOutcome.Completed, result.Outcome);
        var seen = Assert.Single(app.Published);
        Assert.Equal(("text some.key odd", "some.key", "plain.seen", "amq.topic", TimeSpan.FromSeconds(90)), (seen.As<string>(), seen.Topic, seen.RoutingKey, seen.Exchange, seen.Delay));
        Assert.Equal("text plain ", (await SendAndReadAsync(app, "text")));
    }

    [Fact]
    public async Task Timers_run_when_a_test_says_so_or_lets_their_time_come()
    {
        await using var app = await StartAsync(options => options.StartTime = new(2026, 1, 1, 12, 3, 0, TimeSpan.Zero));

        await app.AdvanceAsync(TimeSpan.FromMinutes(8));
        await app.RunTimerAsync("Remind", isPastDue: true);

        Assert.Equal(["12:05:00 False", "12:10:00 False", "12:11:00 True"], app.Published.Select(message => message.As<string>()));
    }

    [Fact]
    public async Task A_timer_of_an_interval_comes_whatever_other_timers_do_and_however_the_time_is_let_pass()
    {
        await using var app = await StartAsync(options => options.StartTime = new(2026, 1, 1, 12, 3, 0, TimeSpan.Zero));

        await app.AdvanceAsync(TimeSpan.FromMinutes(3));
        await app.AdvanceAsync(TimeSpan.FromMinutes(3));
        await app.AdvanceAsync(TimeSpan.FromMinutes(6));

        Assert.Equal(["Swept at 12:08, due 12:08, last 00:00.", "Swept at 12:13, due 12:13, last 12:08."],
            app.Log.Where(line => line.Text.StartsWith("Swept", StringComparison.Ordinal)).Select(line => line.Text));
    }

    [Fact]
    public async Task A_timer_that_throws_runs_again_at_its_next_time_and_what_it_threw_comes_out()
    {
        var runs = 0;
        await using var app = await StartAsync(options =>
        {
            options.StartTime = new(2026, 1, 1, 12, 3, 0, TimeSpan.Zero);
            options.OnPublish = _ => throw new TimeoutException($"Run {++runs}");
        });

        var error = await Assert.ThrowsAsync<TimeoutException>(() => app.AdvanceAsync(TimeSpan.FromMinutes(8)));

        Assert.Equal(("Run 1", 2), (error.Message, runs));
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 12, 11, 0, TimeSpan.Zero), app.Time.GetUtcNow());
    }

    [Fact]
    public async Task A_topic_without_a_function_and_one_of_several_and_a_function_that_is_not_there_are_errors_that_say_what_there_is()
    {
        await using var app = await StartAsync();
        await using var demo = await TestApp.StartAsync<FunctionApp.HandlePerson>();

        Assert.Matches("No function of the app gets the topic 'shop.opened' from exchange 'amq.topic'. The app's functions are .*'Send' with topic 'orders.\\*' on 'amq.topic'",
            (await Assert.ThrowsAsync<InvalidOperationException>(() => app.SendAsync("shop.opened", 1))).Message);
        Assert.Contains("'HandlePerson', 'WatchEverything'. Say which, as function: \"HandlePerson\".", (await Assert.ThrowsAsync<InvalidOperationException>(() => demo.SendAsync("test", 1))).Message, StringComparison.Ordinal);
        Assert.Contains("no function 'Nobody' with a RabbitMQ trigger", (await Assert.ThrowsAsync<InvalidOperationException>(() => app.SendAsync("orders.created", 1, function: "Nobody"))).Message, StringComparison.Ordinal);
        Assert.Contains("Function 'send' does not get the topic 'shop.opened'", (await Assert.ThrowsAsync<InvalidOperationException>(() => app.SendAsync("shop.opened", 1, function: "send"))).Message, StringComparison.Ordinal);
        Assert.Contains("no function 'Nobody'", (await Assert.ThrowsAsync<InvalidOperationException>(() => app.SendToAsync("Nobody", new TopicMessage { Topic = "t" }))).Message, StringComparison.Ordinal);
        Assert.Contains("It has 'Sweep', 'Remind'.", (await Assert.ThrowsAsync<InvalidOperationException>(() => app.RunTimerAsync("Nobody"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_that_would_not_start_does_not_start_in_a_test_and_says_why()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => TestApp.StartAsync<OrderFunctions>());

        Assert.Contains("The app cannot start", error.Message, StringComparison.Ordinal);
        Assert.Contains("RUN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_type_of_a_library_is_no_app()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => TestApp.StartAsync<TopicMessage>());

        Assert.Contains("'RabbitTopics' is no program", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_type_of_the_test_program_is_no_app_and_the_tests_are_not_run_again()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => TestApp.StartAsync<TestAppTests>());

        Assert.Contains("'RabbitTopics.Testing.Tests' is the program that runs the tests. Name a type of the function app's own project.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_waits_before_it_builds_its_host_does_not_hold_up_a_test_for_good()
    {
        var error = await Assert.ThrowsAsync<TimeoutException>(() => EntryPointHost.BuildAsync(((Action)WaitForEver).Method, _ => { }, TimeSpan.FromMilliseconds(50)));

        Assert.Contains("built no host within 0.05 s", error.Message, StringComparison.Ordinal);
        static void WaitForEver() => Thread.Sleep(Timeout.Infinite);
    }

    [Fact]
    public async Task What_publishing_refuses_is_not_sent_in_a_test_either()
    {
        await using var app = await StartAsync(options => options.ConfigureServices += services => services.Configure<RabbitTopicsOptions>(topics => topics.MaxMessageBytes = 100));

        await Assert.ThrowsAsync<ArgumentException>(() => app.SendAsync(new string('t', 256), 1));
        await Assert.ThrowsAsync<MessageTooLargeException>(() => app.SendAsync("orders.created", new byte[101]));
        await Assert.ThrowsAsync<ArgumentException>(() => app.SendAsync("orders.created", 1, options: new PublishOptions
        {
            Delay = TimeSpan.FromSeconds(1),
            Properties = new MessageProperties { Expiration = TimeSpan.FromSeconds(1) },
        }));
    }

    [Fact]
    public async Task Apps_that_run_at_the_same_time_know_nothing_of_each_other()
    {
        var apps = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => StartAsync()));

        await Task.WhenAll(apps.Select((app, number) => app.SendAsync("orders.created", new Order(number, $"{number}"))));

        foreach (var (number, app) in apps.Index())
        {
            Assert.Equal(number, Assert.Single(app.Published).As<Sent>()!.Id);
            await app.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_thousand_tests_of_a_handler_with_retries()
    {
        _stock.Failure = new TimeoutException("No answer.");
        await using var app = await StartAsync();

        for (var number = 0; number < 1000; number++)
        {
            Assert.Equal(4, (await app.SendAsync("orders.created", new Order(number, "pen"))).Attempts.Count);
        }
    }

    private static async Task<string?> SendAndReadAsync(TestApp app, string text)
    {
        await app.SendAsync("plain", text, options: new PublishOptions { Exchange = "" });
        return app.Published[^1].As<string>();
    }

    private Task<TestApp> StartAsync(Action<TestAppOptions>? configure = null) => TestApp.StartAsync<OrderFunctions>(options =>
    {
        (options.Settings["RUN"], options.Settings["LIMIT"]) = ("run", "00:00:00.500");
        options.ConfigureServices = services => services.Replace(ServiceDescriptor.Singleton<IStock>(_stock));
        configure?.Invoke(options);
    });

    private sealed class FakeStock : IStock
    {
        public List<string> Taken { get; } = [];

        public Exception? Failure { get; set; }

        public int Failures { get; set; } = int.MaxValue;

        public Task TakeAsync(string article)
        {
            if (Failure is not null && Failures-- > 0)
            {
                throw Failure;
            }

            lock (Taken)
            {
                Taken.Add(article);
            }

            return Task.CompletedTask;
        }
    }
}
