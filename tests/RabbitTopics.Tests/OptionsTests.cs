using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RabbitTopics.Connections;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Startup;

namespace RabbitTopics.Tests;

/// <summary>The options of an app and of its handlers: defaults, what wins, and what is refused.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void The_defaults_are_those_that_the_docs_name()
    {
        var options = new RabbitTopicsOptions().OptionsOf("any");

        Assert.Equal(ErrorAction.Retry, options.OnError.Action);
        Assert.Equal([1, 5, 25], options.OnError.Delays.Select(delay => delay.TotalSeconds));
        Assert.Equal(5, options.OnError.MaxAttempts);
        Assert.Equal(10, options.OnError.MaxRedeliveries);
        Assert.Equal(1, options.Concurrency);
        Assert.Equal(30, options.Prefetch);
        Assert.Equal(Timeout.InfiniteTimeSpan, options.Timeout);
        Assert.Equal(TimeSpan.FromMinutes(1), options.LongRunningAfter);
        Assert.False(options.AutoAck);
    }

    [Fact]
    public void The_defaults_of_all_options_are_valid()
    {
        Assert.Empty(new RabbitTopicsOptions().Problems());
        Assert.Empty(new TimerOptions().Problems());
        Assert.Empty(new ListenerWatchOptions().Problems());
    }

    [Fact]
    public void Changes_for_one_handler_build_on_the_apps_options_and_on_one_another()
    {
        var app = new RabbitTopicsOptions();
        app.ForHandler("one", handler => handler.Concurrency = 7);
        app.ForHandler("ONE", handler => handler.Prefetch = handler.Concurrency * 2);
        app.ForHandler("one", handler => handler.OnError.MaxAttempts = 2);
        app.Handler.Timeout = TimeSpan.FromSeconds(9);

        var one = app.OptionsOf("One");
        Assert.Equal((7, 14, 2, TimeSpan.FromSeconds(9)), (one.Concurrency, one.Prefetch, one.OnError.MaxAttempts, one.Timeout));
        var two = app.OptionsOf("two");
        Assert.Equal((1, 30, 5, TimeSpan.FromSeconds(9)), (two.Concurrency, two.Prefetch, two.OnError.MaxAttempts, two.Timeout));
    }

    public static TheoryData<Action<RabbitTopicsOptions>, string> Wrong => new()
    {
        { options => options.Exchange = null!, "Exchange is null" },
        { options => options.ConnectionStringSetting = " ", "ConnectionStringSetting is empty" },
        { options => options.TopicHeader = "", "TopicHeader is empty" },
        { options => options.PublishTimeout = TimeSpan.Zero, "PublishTimeout is 00:00:00" },
        { options => options.PublishTimeout = TimeSpan.FromDays(30), "PublishTimeout is 30.00:00:00" },
        { options => options.MaxPublishesInFlight = 0, "MaxPublishesInFlight is 0" },
        { options => options.MaxPublishBacklogBytes = 0, "MaxPublishBacklogBytes is 0" },
        { options => options.MaxMessageBytes = -1, "MaxMessageBytes is -1" },
        { options => options.MaxDecodedBodyBytes = long.MaxValue, "MaxDecodedBodyBytes is 9223372036854775807" },
        { options => options.DeduplicationWindow = 0, "DeduplicationWindow is 0" },
        { options => options.Topology = (TopologyMode)7, "Topology is 7. Set it to one of: Declare, Verify, None" },
        { options => options.Handler.Concurrency = 0, "Handler.Concurrency is 0. Set it to a whole number from 1 to 65535." },
        { options => options.Handler.Prefetch = 65_536, "Handler.Prefetch is 65536" },
        { options => options.Handler.Timeout = TimeSpan.Zero, "Handler.Timeout is 00:00:00" },
        { options => options.Handler.LongRunningAfter = TimeSpan.FromSeconds(-5), "Handler.LongRunningAfter is -00:00:05" },
        { options => options.Handler.PartitionKey = "customer", "Handler.PartitionKey is 'customer'. Write 'topic', 'correlation-id' or 'header:NAME'." },
        { options => options.Handler.OnError.Action = (ErrorAction)7, "Handler.OnError.Action is 7" },
        { options => options.Handler.OnError.MaxAttempts = 0, "Handler.OnError.MaxAttempts is 0" },
        { options => options.Handler.OnError.MaxRedeliveries = 0, "Handler.OnError.MaxRedeliveries is 0" },
        { options => options.Handler.OnError.Delays = [], "Handler.OnError.Delays is empty" },
        { options => options.Handler.OnError.Delays = [TimeSpan.FromDays(30)], "Handler.OnError.Delays has 30.00:00:00" },
        { options => options.Handler.OnError.Delays = [TimeSpan.Zero], "Handler.OnError.Delays has 00:00:00" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_value_out_of_range_is_refused_when_the_host_starts(Action<RabbitTopicsOptions> configure, string said)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRabbitTopics().Configure(configure);
        using var host = builder.Build();

        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.StartsWith($"RabbitTopicsOptions.{said}", Assert.Single(exception.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void In_an_app_that_hosts_itself_they_are_start_up_problems_among_the_others_and_each_is_said_once()
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.UseRabbitTopics(options => options.Handler.Concurrency = 0);
        builder.Services.Configure<RabbitTopicsOptions>(options => options.PublishTimeout = TimeSpan.Zero);
        builder.Services.Configure<TimerOptions>(options => options.AppName = "");
        using var app = builder.Build();

        app.Services.GetRequiredService<IStartupValidator>().Validate();
        var options = app.Services.GetRequiredService<IOptions<RabbitTopicsOptions>>().Value;
        options.OptionsOf("Any");

        Assert.Equal(["TimerOptions.AppName", "RabbitTopicsOptions.PublishTimeout", "RabbitTopicsOptions.Handler.Concurrency"],
            app.Services.GetRequiredService<StartupProblems>().All.Select(problem => problem.Split(' ')[0]));
    }

    [Fact]
    public void A_wrong_value_of_one_handler_is_refused_with_its_name()
    {
        var app = new RabbitTopicsOptions();
        app.ForHandler("one", handler => (handler.Prefetch, handler.Concurrency) = (0, 0));

        Assert.Equal("Prefetch is 0. Set it to a whole number from 1 to 65535. Concurrency is 0. Set it to a whole number from 1 to 65535.",
            Assert.Throws<FormatException>(() => app.OptionsOf("one")).Message);
        Assert.Equal(30, app.OptionsOf("two").Prefetch);
    }

    [Fact]
    public void An_attribute_overrides_the_app_with_false_too()
    {
        var options = With(app => (app.AutoAck, app.Deduplicate) = (true, true), consume: new() { AutoAck = false, Deduplicate = false });
        Assert.Equal((false, false), (options.AutoAck, options.Deduplicate));

        options = With(app => (app.AutoAck, app.Deduplicate) = (true, true), consume: new() { Prefetch = 5, LongRunningAfter = "-1" });
        Assert.Equal((true, true, 5, Timeout.InfiniteTimeSpan), (options.AutoAck, options.Deduplicate, options.Prefetch, options.LongRunningAfter));
    }

    [Fact]
    public void A_zero_in_an_attribute_is_refused_and_not_taken_for_unset()
    {
        Refuses("Prefetch is 0", new() { Prefetch = 0 });
        Refuses("Concurrency is 0", new() { Concurrency = 0 });
        Refuses("Timeout is 00:00:00", new() { Timeout = "00:00:00" });
        Refuses("'5' in [Consume(Timeout)] is not a time. Write hours, minutes and seconds", new() { Timeout = "5" }); // Five days, as a TimeSpan.
        Refuses("LongRunningAfter is 00:00:00", new() { LongRunningAfter = "00:00:00" });
        Refuses("OnError.MaxAttempts is 0", policy: new(ErrorAction.Retry) { MaxAttempts = 0 });
        Refuses("OnError.MaxRedeliveries is 0", policy: new(ErrorAction.Retry) { MaxRedeliveries = 0 });

        static void Refuses(string said, ConsumeAttribute? consume = null, ErrorPolicyAttribute? policy = null) =>
            Assert.StartsWith(said, Assert.Throws<FormatException>(() => With(_ => { }, consume, policy)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_time_that_cannot_be_read_does_not_hide_what_else_is_wrong()
    {
        var error = Assert.Throws<FormatException>(() => With(_ => { }, new() { Prefetch = 0, Timeout = "5" }, new(ErrorAction.Retry) { Delays = "soon" }));

        Assert.Contains("'5' in [Consume(Timeout)] is not a time", error.Message, StringComparison.Ordinal);
        Assert.Contains("'soon' in [ErrorPolicy(Delays)] is not a time", error.Message, StringComparison.Ordinal);
        Assert.Contains("Prefetch is 0", error.Message, StringComparison.Ordinal);
    }

    private static HandlerOptions With(Action<HandlerOptions> configure, ConsumeAttribute? consume = null, ErrorPolicyAttribute? policy = null)
    {
        var app = new RabbitTopicsOptions();
        configure(app.Handler);
        var function = new FunctionDescription("F", typeof(OptionsTests).GetMethods()[0], []) { Consume = consume, ErrorPolicy = policy };
        new HandlerOptionsOfFunctions(new SettingReferences(new ConfigurationManager())).Apply([function], app);
        return app.OptionsOf("F");
    }
}
