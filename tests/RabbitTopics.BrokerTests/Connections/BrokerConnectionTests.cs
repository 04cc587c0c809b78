using Microsoft.Extensions.Logging;
using RabbitTopics.Connections;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Connections;

public sealed class BrokerConnectionTests(SharedBroker broker)
{
    [Fact]
    public async Task A_peer_that_takes_the_connection_and_says_nothing_is_given_up_and_the_broker_is_tried_again()
    {
        await using var proxy = new TcpProxy(broker.Uri) { IsBlackhole = true };
        var log = new CollectingLogger();
        await using var connection = new BrokerConnection(BrokerEndpoint.Parse("RabbitMQ", proxy.Uri.OriginalString), "a test", log, handshakeTime: Wait.Stretch(TimeSpan.FromSeconds(2)));
        var opening = connection.GetOpenAsync(CancellationToken.None);

        await log.WaitForAsync("It took the connection and did not open it within");
        Assert.False(opening.IsCompleted);
        proxy.IsBlackhole = false;

        Assert.True((await opening.WaitAsync(Wait.Patience)).IsOpen);
    }

    [Fact]
    public async Task A_logger_that_throws_keeps_no_connection_from_being_opened_and_opened_again()
    {
        await using var proxy = new TcpProxy(broker.Uri);
        var log = new CollectingLogger { Throws = true };
        await using var connection = new BrokerConnection(BrokerEndpoint.Parse("RabbitMQ", proxy.Uri.OriginalString), "a test", log);
        var first = await connection.GetOpenAsync(CancellationToken.None).WaitAsync(Wait.Patience);

        proxy.Reset();
        await Wait.UntilAsync(() => !first.IsOpen && connection.IsDown, "the loss to be seen");

        Assert.True((await connection.GetOpenAsync(CancellationToken.None).WaitAsync(Wait.Patience)).IsOpen);
        Assert.Contains(log.Lines, line => line.StartsWith($"{LogLevel.Warning}: Lost the connection", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("localhost", "Connected to the broker at localhost:")]
    [InlineData("elsewhere.example", "TLS failed")]
    public async Task Over_TLS_the_certificate_must_have_the_name_of_the_host(string name, string said)
    {
        var appName = $"test-{Guid.NewGuid():N}";
        await using var front = new TlsFront(broker.Uri, name);
        await using var app = AppProcess.Start(Repository.Program("src/FunctionApp"), new Dictionary<string, string?>
        {
            ["RabbitMQ"] = front.Uri.OriginalString,
            ["RABBITTOPICS_TOPOLOGY"] = "None", // One of its queues would get what other tests publish to nobody.
            ["RABBITTOPICS_APP_NAME"] = appName,
            ["SSL_CERT_FILE"] = front.CertificateFile, // Trusted there, so that only its name can be wrong.
        });

        await app.WaitForOutputAsync(said);

        Assert.Equal(name == "localhost", app.Output.Contains("Connected to the broker", StringComparison.Ordinal));
        Assert.Equal(0, await app.StopAsync());
        await Client.TryDeleteQueueAsync(broker.Uri, $"{appName}.timers");
    }
}
