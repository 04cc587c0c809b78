using RabbitTopics.Connections;

namespace RabbitTopics.Tests.Connections;

public sealed class SecretTests
{
    [Theory]
    [InlineData("amqp://user:s3cret@host/v", "amqp://***@host/v")]
    [InlineData("amqp://user:s3:cr@et@host and http://a:b@c", "amqp://***@host and http://***@c")]
    [InlineData("amqp://:s3cret@host", "amqp://***@host")]
    [InlineData("amqp://user@host:5672/v", "amqp://user@host:5672/v")]
    [InlineData("http://host:80/a:b", "http://host:80/a:b")]
    public void The_user_part_of_each_URI_is_hidden(string text, string shown) => Assert.Equal(shown, Secret.Hide(text));

    [Fact]
    public void An_exception_that_quotes_a_URI_is_logged_without_its_user_part_and_any_other_as_it_is()
    {
        var plain = new InvalidOperationException("It failed at http://host:80/a.");
        var quoting = new InvalidOperationException("It failed.", new FormatException("amqp://user:s3cret@host is none."));

        Assert.Same(plain, Secret.Hide(plain));
        Assert.Equal("It failed.", Secret.Hide(quoting).Message);
        Assert.Equal(quoting.ToString().Replace("user:s3cret", "***", StringComparison.Ordinal), Secret.Hide(quoting).ToString());
    }

    /// <summary>By an expression that looks at each colon anew this takes minutes.</summary>
    [Fact]
    public void A_publishers_text_of_colons_is_looked_at_once()
    {
        var text = "://" + new string(':', 1_000_000);

        Assert.Equal(text, Secret.Hide(text));
    }
}
