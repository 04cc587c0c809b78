using System.Text;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Conformance;

/// <summary>The app against a broker of its own that fails. These always use a private broker, as they kill it.</summary>
public sealed class BrokerFaultTests(ConformanceRun run)
{
    private readonly string _name = $"faults-{Guid.NewGuid():N}";

    [Fact]
    public async Task After_the_broker_was_killed_receiving_and_publishing_go_on_by_themselves()
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        await DeclareResultsAsync(broker);
        await using var app = AppUnderTest.Start(broker.Uri, _name);
        await AppUnderTest.WaitUntilReadyAsync(broker.Uri, _name);

        await broker.KillAsync();
        await broker.StartAsync();
        await DeclareResultsAsync(broker);

        await Client.WaitForConsumersAsync(broker.Uri, $"{_name}.typed", within: TimeSpan.FromSeconds(run.Has(HostCapabilities.PromptReconnect) ? 15 : 60));
        await AppUnderTest.WaitUntilReadyAsync(broker.Uri, _name);
        await AssertHandlesAsync(broker, app);
        var code = await app.StopAsync();
        Assert.True(code == 0 || !run.Has(HostCapabilities.GracePeriod), $"The exit code is {code}.");
    }

    [Fact]
    public async Task An_app_that_starts_before_its_broker_waits_and_then_works()
    {
        await using var broker = await PrivateBroker.StartNewAndKillAsync();
        await using var app = AppUnderTest.Start(broker.Uri, _name);

        await broker.StartAsync(); // Takes seconds; the app is up long before.
        await DeclareResultsAsync(broker);

        await AppUnderTest.WaitUntilReadyAsync(broker.Uri, _name);
        await AssertHandlesAsync(broker, app);
        var code = await app.StopAsync();
        Assert.True(code == 0 || !run.Has(HostCapabilities.GracePeriod), $"The exit code is {code}.");
    }

    /// <summary>Declares what the tests look at. A broker that is killed within seconds of a declaration may come back without it
    /// (its metadata reaches the disk with a delay), so this is done again after a restart; the app does likewise.</summary>
    private async Task DeclareResultsAsync(PrivateBroker broker)
    {
        await using var connection = await broker.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        foreach (var queue in new[] { "seen", "stock", "several", "timers" })
        {
            await channel.QueueDeclareAsync($"{_name}.{queue}", durable: true, exclusive: false, autoDelete: false);
        }

        await channel.QueueBindAsync($"{_name}.timers", "amq.topic", $"{_name}.from-timer");
    }

    /// <summary>A message is handled, its result is published, and timer functions publish afresh.</summary>
    private async Task AssertHandlesAsync(PrivateBroker broker, AppProcess app)
    {
        await using var connection = await broker.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueuePurgeAsync($"{_name}.timers");
        await channel.BasicPublishAsync("amq.topic", $"{_name}.text", mandatory: true, Encoding.UTF8.GetBytes("hello"));

        var seen = await channel.TakeAsync($"{_name}.seen");
        Assert.Contains("hello", Encoding.UTF8.GetString(seen.Body.Span), StringComparison.Ordinal);
        try
        {
            await channel.TakeAsync($"{_name}.timers");
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message} The app printed:\n{app.Output}", exception);
        }
    }
}
