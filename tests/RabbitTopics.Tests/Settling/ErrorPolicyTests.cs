namespace RabbitTopics.Tests.Settling;

public sealed class ErrorPolicyTests
{
    [Fact]
    public void An_exception_class_that_is_marked_is_never_retried_nor_is_one_derived_from_it()
    {
        Assert.True(new ErrorPolicy().Excludes(new MarkedException()));
        Assert.True(new ErrorPolicy().Excludes(new DerivedException()));
        Assert.False(new ErrorPolicy().Excludes(new InvalidOperationException()));
        Assert.False(new ErrorPolicy().Excludes(null));
    }

    [Fact]
    public void Listed_types_and_what_the_predicate_names_are_never_retried()
    {
        var policy = new ErrorPolicy { NonRetryable = [typeof(ArgumentException)], IsNonRetryable = error => error.Message == "no" };

        Assert.True(policy.Excludes(new ArgumentNullException()));
        Assert.True(policy.Excludes(new InvalidOperationException("no")));
        Assert.False(policy.Excludes(new InvalidOperationException("yes")));
    }

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
        Assert.False(options.AutoAck);
    }

    [Fact]
    public void Changes_for_one_handler_build_on_the_apps_options_and_on_one_another()
    {
        var app = new RabbitTopicsOptions();
        app.ForHandler("one", handler => handler with { Concurrency = 7 });
        app.ForHandler("ONE", handler => handler with { Prefetch = handler.Concurrency * 2 });
        app.Handler = app.Handler with { Timeout = TimeSpan.FromSeconds(9) };

        Assert.Equal((7, 14, TimeSpan.FromSeconds(9)), (app.OptionsOf("One").Concurrency, app.OptionsOf("One").Prefetch, app.OptionsOf("One").Timeout));
        Assert.Equal(1, app.OptionsOf("two").Concurrency);
    }

    public static TheoryData<HandlerOptions, string> Wrong => new()
    {
        { new HandlerOptions { Concurrency = 0 }, "Concurrency" },
        { new HandlerOptions { Prefetch = 70_000 }, "Prefetch" },
        { new HandlerOptions { Timeout = TimeSpan.Zero }, "timeout" },
        { new HandlerOptions { PartitionKey = "customer" }, "header:NAME" },
        { new HandlerOptions { OnError = new ErrorPolicy { MaxAttempts = 0 } }, "MaxAttempts" },
        { new HandlerOptions { OnError = new ErrorPolicy { Delays = [] } }, "delay" },
        { new HandlerOptions { OnError = new ErrorPolicy { Delays = [TimeSpan.FromDays(30)] } }, "30.00:00:00" },
        { new HandlerOptions { OnError = new ErrorPolicy { Delays = [TimeSpan.Zero] } }, "00:00:00" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_value_out_of_range_is_named(HandlerOptions options, string named) =>
        Assert.Contains(named, Assert.Throws<FormatException>(options.Validate).Message, StringComparison.Ordinal);

    [NonRetryable]
    private class MarkedException : Exception;

    private sealed class DerivedException : MarkedException;
}
