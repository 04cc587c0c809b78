using Microsoft.Extensions.Configuration;
using RabbitTopics.Connections;

namespace RabbitTopics.Tests.Connections;

public sealed class BrokerEndpointTests
{
    [Fact]
    public void Delays_before_connecting_again_are_spread_by_a_half_to_either_side()
    {
        var delays = Enumerable.Range(0, 1000).Select(_ => BrokerConnection.Jittered(TimeSpan.FromSeconds(2)).TotalSeconds).ToArray();

        Assert.All(delays, delay => Assert.InRange(delay, 1, 3));
        Assert.InRange(delays.Max() - delays.Min(), 1.5, 2);
    }

    [Theory]
    [InlineData("amqp://user:s3cret@broker:5673/vhost", "broker:5673 (setting 'RabbitMQ')")]
    [InlineData("amqp://user:s3cret@broker", "broker:5672 (setting 'RabbitMQ')")]
    [InlineData("amqps://user:s3cret@broker/", "broker:5671 (setting 'RabbitMQ')")]
    [InlineData(" amqp://broker ", "broker:5672 (setting 'RabbitMQ')")]
    public void An_endpoint_shows_host_port_and_setting_and_no_secret(string uri, string shown) =>
        Assert.Equal(shown, BrokerEndpoint.Parse("RabbitMQ", uri).ToString());

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    public void A_missing_setting_is_named_with_what_to_do(string? uri)
    {
        var exception = Assert.Throws<BrokerSettingException>(() => BrokerEndpoint.Parse("Orders", uri));

        Assert.Equal("Orders", exception.SettingName);
        Assert.Contains("'Orders' is missing or empty", exception.Message, StringComparison.Ordinal);
        Assert.Contains("amqp://user:password@host:5672/vhost", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_setting_that_is_like_one_that_is_there_is_said_with_that()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("RabitMQ", "amqp://broker")]).Build();

        Assert.Contains("The setting 'RabbitMQ' is missing or empty; there is one 'RabitMQ'. Set it", Assert.Throws<BrokerSettingException>(() => BrokerEndpoint.From(configuration, "RabbitMQ")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_URI_in_the_place_of_a_settings_name_is_refused_without_showing_it()
    {
        var exception = Assert.Throws<BrokerSettingException>(() => BrokerEndpoint.From(new ConfigurationBuilder().Build(), "amqp://user:s3cret@broker"));

        Assert.StartsWith("A ConnectionStringSetting is a URI", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", exception.ToString() + exception.SettingName, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user:s3cret@broker:5672")]
    [InlineData("http://user:s3cret@broker:5672")]
    [InlineData("amqp://user:s3cret@broker:port")]
    [InlineData("amqp://user:s3:cret@broker")]
    [InlineData("amqp://user:s3cret@broker/one/two")]
    [InlineData("amqp:s3cret")]
    public void A_malformed_URI_is_refused_without_showing_it(string uri)
    {
        var exception = Assert.Throws<BrokerSettingException>(() => BrokerEndpoint.Parse("Orders", uri));

        Assert.Contains("'Orders' is not an AMQP URI", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("cret", exception.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("amqp://us%40er:x@broker/a%2Fb", "us@er", "a/b")]
    [InlineData("amqp://broker", "guest", "/")]
    [InlineData("amqp://broker/", "guest", "/")]
    public void User_and_virtual_host_are_decoded(string uri, string user, string virtualHost)
    {
        var endpoint = BrokerEndpoint.Parse("RabbitMQ", uri);

        Assert.Equal(user, endpoint.UserName);
        Assert.Equal(virtualHost, endpoint.VirtualHost);
    }
}
