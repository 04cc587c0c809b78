using Microsoft.Extensions.Configuration;
using RabbitTopics.Connections;
using RabbitTopics.Functions.Catalog;

namespace RabbitTopics.Tests.Connections;

/// <summary>The ways in which Microsoft's attributes name a broker.</summary>
public sealed class BrokerReferenceTests
{
    private static readonly IConfiguration Configuration = new ConfigurationBuilder().AddInMemoryCollection(
    [
        new("User", "us:er"),
        new("Password", "p@ss;word/"),
        new("Empty", ""),
        new("HOST", "resolved"),
        new("broker:Uri", "amqp://section"),
        new("Uri", "amqps://u:p@secure/v"),
    ]).Build();

    [Theory]
    [InlineData("""{"connectionStringSetting":"Orders"}""", "Orders")]
    [InlineData("""{"connectionStringSetting":"Orders","hostName":"ignored","port":1}""", "Orders")]
    [InlineData("""{"connectionStringSetting":""}""", "RabbitMQ")]
    [InlineData("{}", "RabbitMQ")]
    public void A_setting_wins_over_parts_and_without_either_it_is_the_apps(string binding, string setting) =>
        Assert.Equal(setting, Read(binding).ConnectionSetting(new RabbitTopicsOptions()));

    [Theory]
    [InlineData("""{"hostName":"rabbit","userNameSetting":"User","passwordSetting":"Password","port":5673}""", "amqp://us%3Aer:p%40ss%3Bword%2F@rabbit:5673/")]
    [InlineData("""{"type":"rabbitMQ","direction":"Out","hostName":"rabbit","userName":"User","password":"Password"}""", "amqp://us%3Aer:p%40ss%3Bword%2F@rabbit:5672/")]
    [InlineData("""{"hostName":"rabbit","userNameSetting":"%User%","passwordSetting":"%Password%"}""", "amqp://us%3Aer:p%40ss%3Bword%2F@rabbit:5672/")]
    [InlineData("""{"hostName":"%HOST%"}""", "amqp://guest:guest@resolved:5672/")]
    [InlineData("""{"hostName":"::1"}""", "amqp://guest:guest@[::1]:5672/")]
    [InlineData("""{"hostName":"rabbit","port":5671}""", "amqps://guest:guest@rabbit:5671/")]
    public void Parts_make_a_URI_and_user_and_password_come_from_settings(string binding, string uri)
    {
        var endpoint = BrokerEndpoint.From(Configuration, Read(binding).ConnectionSetting(new RabbitTopicsOptions()));

        Assert.Equal(uri, endpoint.Uri.AbsoluteUri);
        Assert.False(endpoint.TakesAnyCertificate);
    }

    [Fact]
    public void A_certificate_may_be_taken_unchecked_and_then_the_connection_is_another()
    {
        var setting = Read("""{"connectionStringSetting":"Uri","disableCertificateValidation":true}""").ConnectionSetting(new RabbitTopicsOptions());
        var endpoint = BrokerEndpoint.From(Configuration, setting);

        Assert.NotEqual("Uri", setting);
        Assert.True(endpoint.TakesAnyCertificate);
        Assert.Equal("secure:5671 (setting 'Uri')", endpoint.ToString());
    }

    [Fact]
    public void The_apps_broker_may_have_its_certificate_taken_unchecked() =>
        Assert.True(BrokerEndpoint.From(Configuration, Read("""{"disableCertificateValidation":true}""").ConnectionSetting(new RabbitTopicsOptions { ConnectionStringSetting = "Uri" })).TakesAnyCertificate);

    [Fact]
    public void A_setting_may_be_in_a_section_of_any_name() => Assert.Equal("section", BrokerEndpoint.From(Configuration, "broker:Uri").Uri.Host);

    [Theory]
    [InlineData("""{"hostName":"rabbit","userNameSetting":"Nowhere"}""", "The setting that a RabbitMQ binding names for its UserName is missing or empty")]
    [InlineData("""{"hostName":"rabbit","passwordSetting":"Empty"}""", "The setting that a RabbitMQ binding names for its Password is missing or empty")]
    [InlineData("""{"hostName":"rabbit","passwordSetting":"s3cret"}""", "its Password is missing or empty")]
    [InlineData("""{"hostName":"amqp://user:s3cret@rabbit"}""", "HostName 'amqp://***@rabbit'")]
    [InlineData("""{"hostName":"user:s3cret@rabbit"}""", "HostName '***@rabbit'")]
    [InlineData("""{"connectionStringSetting":"amqp://user:s3cret@rabbit"}""", "A ConnectionStringSetting is a URI")]
    [InlineData("""{"hostName":"rab bit"}""", "HostName 'rab bit'")]
    [InlineData("""{"hostName":"rabbit","port":70000}""", "Port 70000")]
    public void Parts_that_make_no_address_are_named(string binding, string problem)
    {
        var exception = Assert.Throws<BrokerSettingException>(() => BrokerEndpoint.From(Configuration, Read(binding).ConnectionSetting(new RabbitTopicsOptions())));

        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", $"{exception}", StringComparison.Ordinal);
    }

    [Fact]
    public void What_people_see_of_parts_holds_no_secret() =>
        Assert.Equal("rabbit:5672 (binding with HostName 'rabbit')",
            BrokerEndpoint.From(Configuration, Read("""{"hostName":"rabbit","userNameSetting":"User","passwordSetting":"Password"}""").ConnectionSetting(new RabbitTopicsOptions())).ToString());

    private static RabbitMQBinding Read(string members)
    {
        var json = members.Contains("\"type\"", StringComparison.Ordinal) ? members : members.Insert(1, "\"type\":\"rabbitMQTrigger\",\"direction\":\"In\"" + (members == "{}" ? "" : ","));
        return RabbitMQBinding.Read(new FunctionBinding(json))!;
    }
}
