using System.Diagnostics;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Conformance;

/// <summary>Apps of their own that are stopped, killed, or end by themselves while they handle messages.</summary>
public sealed class StoppingTests(ConformanceRun run) : IAsyncLifetime
{
    private static readonly string[] OwnQueues = ["seen", "stock", "several"];

    private readonly string _name = $"stopping-{Guid.NewGuid():N}";
    private IConnection _connection = null!;
    private IChannel _channel = null!;

    public async ValueTask InitializeAsync()
    {
        _connection = await Client.ConnectAsync(run.Broker);
        _channel = await _connection.CreateChannelAsync();
        foreach (var queue in OwnQueues)
        {
            await _channel.QueueDeclareAsync($"{_name}.{queue}", durable: true, exclusive: false, autoDelete: false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await AppUnderTest.DeleteQueuesAsync(_channel, _name);
        foreach (var queue in OwnQueues)
        {
            await _channel.QueueDeleteAsync($"{_name}.{queue}");
        }

        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    [Fact]
    public async Task Handlers_at_work_end_in_peace_when_the_app_is_stopped_and_each_message_was_handled_once()
    {
        var count = run.Has(HostCapabilities.ConcurrencyPerFunction) ? 30 : 1;
        await using var app = await StartAsync();
        await PublishAsync("lasting", count);
        Assert.All(await TakeSeenAsync(count), message => Assert.Equal("Lasting begun", message.Function));

        var clock = Stopwatch.StartNew();
        var code = await app.StopAsync();

        TestContext.Current.TestOutputHelper?.WriteLine($"Exited {clock.Elapsed.TotalSeconds:0.0} s after SIGTERM.");
        if (!run.Has(HostCapabilities.GracePeriod))
        {
            await AssertHandledByTheNextAppAsync("Lasting", count);
            return;
        }

        Assert.Equal(0, code);
        var seen = await TakeSeenAsync(count);
        Assert.Equal(count, seen.Select(message => message.Value).Distinct().Count());
        Assert.Null(await _channel.BasicGetAsync($"{_name}.seen", autoAck: true));
        Assert.Equal(0u, await _channel.MessageCountAsync($"{_name}.lasting"));
    }

    [Fact]
    public async Task A_handler_that_outlives_the_grace_period_is_cancelled_and_its_message_goes_back_once_and_uncounted()
    {
        await using (var app = await StartAsync(("CONFORMANCE_HOLD", "1"), ("CONFORMANCE_GRACE_SECONDS", "1")))
        {
            await PublishAsync("holding", 1);
            await WaitUntilTakenAsync("holding");

            var code = await app.StopAsync();
            Assert.True(code == 0 || !run.Has(HostCapabilities.GracePeriod), $"The exit code is {code}.");
        }

        if (!run.Has(HostCapabilities.GracePeriod))
        {
            await AssertHandledByTheNextAppAsync("Holding", 1);
            return;
        }

        await Wait.UntilAsync(async () => await _channel.MessageCountAsync($"{_name}.holding") == 1, "the message to be back");
        await using var next = await StartAsync();
        var seen = Assert.Single(await TakeSeenAsync(1));
        Assert.Equal((1, true), (seen.Attempt, seen.Redelivered));
    }

    [Fact]
    public async Task A_handler_that_never_ends_holds_up_the_stop_for_seconds_only_and_its_message_goes_back()
    {
        await using (var app = await StartAsync(("CONFORMANCE_HOLD", "deaf"), ("CONFORMANCE_GRACE_SECONDS", "1")))
        {
            await PublishAsync("holding", 1);
            Assert.Equal("Holding begun", Assert.Single(await TakeSeenAsync(1)).Function);

            var clock = Stopwatch.StartNew();
            await app.StopAsync();

            TestContext.Current.TestOutputHelper?.WriteLine($"Exited {clock.Elapsed.TotalSeconds:0.0} s after SIGTERM.");
            Assert.True(!run.Has(HostCapabilities.GracePeriod) || clock.Elapsed < Wait.Stretch(TimeSpan.FromSeconds(15)), $"{clock.Elapsed}");
            Assert.True(!run.Has(HostCapabilities.GracePeriod) || app.Output.Contains("Handler 'Holding' did not end", StringComparison.Ordinal), app.Output);
        }

        await AssertHandledByTheNextAppAsync("Holding", 1);
    }

    [Fact]
    public async Task What_a_killed_app_held_is_handled_by_its_peer()
    {
        var count = run.Has(HostCapabilities.ConcurrencyPerFunction) ? 100 : AppUnderTest.Prefetch;
        await using var killed = await StartAsync(("CONFORMANCE_HOLD", "1"));
        await PublishAsync("holding", count);
        await WaitUntilTakenAsync("holding");
        await using var peer = AppUnderTest.Start(run.Broker, _name);
        await Client.WaitForConsumersAsync(run.Broker, $"{_name}.holding", 2);

        var clock = Stopwatch.StartNew();
        killed.Kill();

        var seen = await TakeSeenAsync(count);
        TestContext.Current.TestOutputHelper?.WriteLine($"All {count} were handled {clock.Elapsed.TotalSeconds:0.0} s after SIGKILL.");
        Assert.Equal(count, seen.Select(message => message.Value).Distinct().Count());
        Assert.All(seen, message => Assert.True(message.Redelivered));
    }

    [Fact]
    public async Task A_message_that_ends_the_process_each_time_is_parked_and_the_others_are_handled()
    {
        await using (var first = await StartAsync())
        {
            // It makes the queue.
        }

        await _channel.BasicPublishAsync("", $"{_name}.crashing", mandatory: true, "crash"u8.ToArray());
        await PublishAsync("crashing", 3);

        var starts = 0;
        while (!await IsParkedAsync())
        {
            Assert.True(++starts <= 5, $"The app was started {starts} times.");
            await using var app = AppUnderTest.Start(run.Broker, _name);
            await Wait.UntilAsync(async () => app.HasExited || await IsParkedAsync(), "a crash or a parked message",
                run.Has(HostCapabilities.OneProcess) ? null : TimeSpan.FromMinutes(3)); // Else the host starts the worker anew.
        }

        var parked = await _channel.TakeAsync($"{_name}.crashing.dead");
        Assert.Equal("crash", Encoding.UTF8.GetString(parked.Body.Span));
        Assert.Equal(run.Has(HostCapabilities.EndedProcessIsAttempt) ? "max-attempts" : "max-redeliveries", parked.HeaderText("rt-dead-letter-reason"));
        await using var last = AppUnderTest.Start(run.Broker, _name);
        var seen = new List<Seen>();
        var crashes = run.Has(HostCapabilities.OneProcess) ? 3 : 2; // The first time, and two redeliveries. A worker can end before it runs the function, and the host counts that.
        await Wait.UntilAsync(async () =>
        {
            seen.AddRange(await TakeSeenAsync(1));
            return seen.Where(message => message.Value != "crash").Select(message => message.Value).Distinct().Count() == 3
                && seen.Count(message => message.Value == "crash") >= crashes;
        }, "the other messages, and the crashes");
        Assert.InRange(seen.Count(message => message.Value == "crash"), crashes, run.Has(HostCapabilities.EndedProcessIsAttempt) ? 5 : 3);
    }

    /// <summary>Where a stop may cut a handler off, its message is handled again, or was finished: at least once.</summary>
    private async Task AssertHandledByTheNextAppAsync(string function, int count)
    {
        await using var next = await StartAsync();
        var values = new HashSet<string>();
        while (values.Count < count)
        {
            values.UnionWith((await TakeSeenAsync(1)).Where(message => message.Function == function).Select(message => message.Value));
        }
    }

    private async Task<bool> IsParkedAsync() =>
        await Client.QueueExistsAsync(run.Broker, $"{_name}.crashing.dead") && await _channel.MessageCountAsync($"{_name}.crashing.dead") > 0;

    private async Task<AppProcess> StartAsync(params (string Name, string Value)[] settings)
    {
        var app = AppUnderTest.Start(run.Broker, _name, settings);
        await AppUnderTest.WaitUntilReadyAsync(run.Broker, _name);
        return app;
    }

    private async Task PublishAsync(string queue, int count)
    {
        for (var number = 0; number < count; number++)
        {
            await _channel.BasicPublishAsync("", $"{_name}.{queue}", mandatory: true, Encoding.UTF8.GetBytes($"{queue} {number}"));
        }
    }

    /// <summary>Waits until the app holds every message of a queue.</summary>
    private Task WaitUntilTakenAsync(string queue) =>
        Wait.UntilAsync(async () => await _channel.MessageCountAsync($"{_name}.{queue}") == 0, $"queue '{queue}' to be taken");

    private async Task<IReadOnlyList<Seen>> TakeSeenAsync(int count)
    {
        var seen = new List<Seen>();
        while (seen.Count < count)
        {
            seen.Add(JsonSerializer.Deserialize<Seen>((await _channel.TakeAsync($"{_name}.seen")).Body.Span)!);
        }

        return seen;
    }
}
