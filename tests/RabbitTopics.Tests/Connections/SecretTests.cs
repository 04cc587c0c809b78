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

    /// <summary>By an expression that looks at each colon anew this takes minutes.</summary>
    [Fact]
    public void A_publishers_text_of_colons_is_looked_at_once()
    {
        var text = "://" + new string(':', 1_000_000);

        Assert.Equal(text, Secret.Hide(text));
    }
}
