using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;
using RabbitTopics.WorkerTests.Protocol;

namespace RabbitTopics.WorkerTests;

/// <summary>What comes before what when a host starts its worker. The host disables for good each function whose queue it does not
/// find.</summary>
public sealed class StartingTests(SharedBroker broker)
{
    /// <summary>How long a host waits for the call of a worker.</summary>
    private static readonly TimeSpan HostsPatience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task When_the_worker_calls_its_host_the_queues_exist_with_those_that_settling_needs()
    {
        await using var run = await AppRun.PrepareAsync(broker.Uri);
        await run.OpenAsync();

        run.StartWorker();
        await run.Worker.ConnectAsync();

        // The host has not answered: this is before anything else happens.
        foreach (var queue in new[] { "typed", "typed.dead", "typed.retry.1000", "typed.retry.25000", "envelope", "failing.retry.100", "collecting.dead", "crashing" })
        {
            Assert.True(await Client.QueueExistsAsync(broker.Uri, run.Queue(queue)), queue);
        }

        await run.Channel.BasicPublishAsync("amq.topic", run.Queue("one.topic"), mandatory: true, "bound"u8.ToArray());
        Assert.Equal("bound"u8.ToArray(), (await run.Channel.TakeAsync(run.Queue("envelope"))).Body.ToArray());
    }

    [Fact]
    public async Task A_worker_of_a_host_takes_no_message_and_runs_no_timer_by_itself()
    {
        await using var run = await AppRun.PrepareAsync(broker.Uri);
        await run.OpenAsync();
        var startup = await run.BindAsync("several"); // What a timer publishes that runs at the start.

        run.StartWorker();
        await run.Worker.GetReadyAsync();
        await run.Worker.PingAsync();

        Assert.Equal(0u, await run.CountConsumersAsync());
        Assert.Equal(0u, await run.Channel.MessageCountAsync(startup));
    }

    [Fact]
    public async Task A_worker_whose_broker_is_down_calls_its_host_in_time_and_says_which_functions_suffer()
    {
        using var down = new TcpListener(IPAddress.Loopback, 0);
        down.Start();
        await using var run = await AppRun.PrepareAsync(new Uri($"amqp://guest:s3cret@{down.LocalEndpoint}"));
        run.StartWorker();

        // Timed from its first try on: how long a process takes to start on a busy machine is not the app's doing.
        using (await down.AcceptTcpClientAsync().WaitAsync(Wait.Patience))
        {
            down.Stop();
        }

        var clock = Stopwatch.StartNew();
        await run.Worker.ConnectAsync(2 * HostsPatience);
        Assert.True(clock.Elapsed < Wait.Stretch(HostsPatience), $"{clock.Elapsed}");
        await run.Worker.InitAsync();
        await run.Worker.IndexAsync();
        await run.Worker.LoadAsync();

        await Wait.UntilAsync(() => run.Worker.Logs.Any(log => log.Level == RpcLog.Types.Level.Critical && log.Message.Contains("'Typed'", StringComparison.Ordinal)), "the worker to say so");

        // Its host drops what belongs to no invocation, and keeps what a worker writes there.
        await Wait.UntilAsync(() => run.Worker.Output.Contains("error: RabbitTopics.Functions.FunctionsHost.TopologyAtStart: The queue of function '", StringComparison.Ordinal), "standard error to have it");
        Assert.DoesNotContain("s3cret", run.Worker.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(run.Worker.Logs, log => $"{log.Message} {log.Exception?.Message}".Contains("s3cret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_that_does_not_find_its_host_ends_and_has_left_its_messages_alone()
    {
        await using var run = await AppRun.PrepareAsync(broker.Uri);
        await run.OpenAsync();
        await run.Channel.QueueDeclareAsync(run.Queue("text"), durable: true, exclusive: false, autoDelete: false);
        await run.Channel.BasicPublishAsync("", run.Queue("text"), mandatory: true, "looked at"u8.ToArray());
        await run.Channel.BasicPublishAsync("", run.Queue("text"), mandatory: true, "for another"u8.ToArray());

        var startup = await run.BindAsync("several");

        run.StartWorker(new Uri("http://127.0.0.1:9"));
        Assert.NotEqual(0, await run.Worker.WaitForExitAsync());

        Assert.Equal("looked at"u8.ToArray(), (await run.Channel.TakeAsync(run.Queue("text"))).Body.ToArray()); // Whether it is one that the host cannot take.
        Assert.False((await run.Channel.TakeAsync(run.Queue("text"))).Redelivered); // Nobody ever had it.
        Assert.Equal(0u, await run.Channel.MessageCountAsync(startup));
    }
}
