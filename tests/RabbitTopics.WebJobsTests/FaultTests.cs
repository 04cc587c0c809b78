using System.Collections.Concurrent;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;
using RabbitTopics.WebJobsTests.Host;

namespace RabbitTopics.WebJobsTests;

/// <summary>A network that breaks, and queues that are not as they should be.</summary>
public sealed class FaultTests(SharedBroker broker)
{
    private const string ByProxy = """{"topics":"#none","connectionStringSetting":"Proxy","concurrency":2}""";

    private readonly ConcurrentQueue<string> _seen = new();

    [Fact]
    public async Task A_network_that_swallows_everything_is_noticed_and_the_function_goes_on_when_it_is_back()
    {
        await using var proxy = new TcpProxy(broker.Uri);
        await using var host = await RunningHost.StartAsync(broker.Uri, See, ByProxy, settings: [("Proxy", proxy.Uri.OriginalString)]);
        await host.ConsumingAsync();

        proxy.IsBlackhole = true;
        await host.Log.WaitForAsync("Lost the connection");
        proxy.IsBlackhole = false;
        proxy.Reset(); // The broker need not wait for its own heartbeats.

        await host.SendAsync("after");
        await Wait.UntilAsync(() => _seen.Contains("after"), "the message after it");
    }

    [Fact]
    public async Task After_a_connection_that_is_reset_while_the_function_is_at_work_its_message_comes_again_and_the_late_acknowledgement_does_no_harm()
    {
        await using var proxy = new TcpProxy(broker.Uri);
        var gate = new TaskCompletionSource();
        await using var host = await RunningHost.StartAsync(broker.Uri, SeeAndHold(gate.Task), ByProxy, settings: [("Proxy", proxy.Uri.OriginalString)]);
        await host.ConsumingAsync();
        await host.SendAsync("x");
        await Wait.UntilAsync(() => _seen.Count == 1, "the function to be at work");

        proxy.Reset();
        await Wait.UntilAsync(() => _seen.Contains("x, redelivered: True"), "the message to come again");
        gate.SetResult();
        await host.SendAsync("y");

        await Wait.UntilAsync(() => _seen.Contains("y, redelivered: False"), "the next message");
        await host.StopAsync();
        Assert.Equal((3, 0u), (_seen.Count, await host.CountAsync()));
    }

    /// <summary>The broker closes a channel on which a message is not acknowledged in time (406), and leaves the connection.</summary>
    [Fact]
    public async Task After_a_channel_that_the_broker_closes_its_messages_come_again_and_the_function_goes_on()
    {
        await using var own = await PrivateBroker.StartNewAsync();
        await own.ControlAsync("eval", "application:set_env(rabbit, channel_tick_interval, 500), application:set_env(rabbit, consumer_timeout, 2000).");
        var gate = new TaskCompletionSource();
        await using var host = await RunningHost.StartAsync(own.Uri, SeeAndHold(gate.Task), """{"topics":"#none","concurrency":2}""");
        await host.ConsumingAsync();

        await host.SendAsync("x");
        await Wait.UntilAsync(() => _seen.Contains("x, redelivered: True"), "the message to come again");
        gate.SetResult();
        await host.SendAsync("y");

        await Wait.UntilAsync(() => _seen.Any(seen => seen.StartsWith('y')), "the next message");
        Assert.Contains(host.Log.Lines, line => line.Contains("PRECONDITION_FAILED", StringComparison.Ordinal));
        Assert.DoesNotContain(host.Log.Lines, line => line.Contains("Lost the connection", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_whose_copy_the_broker_refuses_is_held_and_parked_when_there_is_room()
    {
        await using var host = await RunningHost.StartAsync(broker.Uri, async invocation =>
        {
            await See(invocation);
            throw new InvalidOperationException("It fails.");
        }, """{"topics":"#none","onError":"DeadLetter"}""");
        await host.ConsumingAsync();
        await host.Channel.QueueDeleteAsync(host.DeadQueue);
        await host.Channel.QueueDeclareAsync(host.DeadQueue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-max-length"] = 0, ["x-overflow"] = "reject-publish" });

        await host.SendAsync("x");
        await host.Log.WaitForAsync("its copy could not be published");
        await host.Channel.QueueDeleteAsync(host.DeadQueue); // The next copy makes it as it should be.

        Assert.Equal("x"u8.ToArray(), (await host.TakeDeadAsync()).Body.ToArray());
        Assert.Equal(["x"], _seen);
    }

    [Fact]
    public async Task A_queue_that_exists_with_other_arguments_is_named_with_the_argument_and_the_function_waits_until_it_can_be_made()
    {
        var queue = RunningHost.NewQueue();
        await using var connection = await Client.ConnectAsync(broker.Uri);
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-max-length"] = 5 });

        await using var host = await RunningHost.StartAsync(broker.Uri, See, queue: queue);
        await host.Log.WaitForAsync("PRECONDITION_FAILED");
        var error = host.Log.Lines.First(line => line.Contains("PRECONDITION_FAILED", StringComparison.Ordinal));
        Assert.Contains($"queue '{queue}'", error, StringComparison.Ordinal);
        Assert.Contains("'x-max-length'", error, StringComparison.Ordinal);

        await channel.QueueDeleteAsync(queue);
        await host.ConsumingAsync();
    }

    /// <summary>A function that holds what was not delivered before.</summary>
    private Func<Invocation, Task> SeeAndHold(Task until) => invocation =>
    {
        _seen.Enqueue($"{invocation.Text}, redelivered: {invocation.Redelivered}");
        return invocation.Redelivered ? Task.CompletedTask : until;
    };

    private Task See(Invocation invocation)
    {
        _seen.Enqueue(invocation.Text);
        return Task.CompletedTask;
    }
}
