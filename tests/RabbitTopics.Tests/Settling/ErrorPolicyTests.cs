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

    [NonRetryable]
    private class MarkedException : Exception;

    private sealed class DerivedException : MarkedException;
}
