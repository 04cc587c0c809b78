using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitTopics.Functions;
using RabbitTopics.Functions.SelfHost.Timers;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Timers;

/// <summary>Which of an app's instances runs its timers.</summary>
public sealed class LeadershipTests(SharedBroker broker) : IAsyncLifetime
{
    /// <summary>Long enough apart to tell occurrences by their time on a busy machine.</summary>
    private const string EveryThreeSeconds = "*/3 * * * * *";

    private readonly string _app = $"test-{Guid.NewGuid():N}";
    private readonly ConcurrentQueue<TimerRun> _runs = new();

    private string Queue => $"{_app}.timers";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await using var connection = await Client.ConnectAsync(broker.Uri);
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeleteAsync(Queue);
    }

    [Fact]
    public async Task Of_three_instances_one_runs_each_occurrence()
    {
        await using var first = Instance().Start(EveryThreeSeconds);
        await using var second = Instance().Start(EveryThreeSeconds);
        await using var third = Instance().Start(EveryThreeSeconds);

        await WaitForRunsAsync(4);

        Assert.Single(_runs.Select(run => run.Instance).Distinct());
        AssertNoneTwice();
        Assert.Empty(first.Problems.Concat(second.Problems).Concat(third.Problems));
    }

    [Fact]
    public async Task When_the_leaders_connection_is_reset_another_instance_takes_over_and_no_occurrence_runs_twice()
    {
        await using var network = new TcpProxy(broker.Uri);
        await using var first = Instance(network.Uri).Start(EveryThreeSeconds);
        await first.WaitUntilLeadingAsync();
        await using var second = Instance().Start(EveryThreeSeconds);
        await Client.WaitForConsumersAsync(broker.Uri, Queue, 2);
        await WaitForRunsAsync(2);

        network.Reset();

        await second.WaitUntilLeadingAsync(TimeSpan.FromSeconds(15));
        await Client.WaitForConsumersAsync(broker.Uri, Queue, 2);
        await WaitForRunsAsync(_runs.Count + 2);
        Assert.False(first.Leads);
        Assert.Equal(second.Name, _runs.Last().Instance);
        AssertNoneTwice();
    }

    [Fact]
    public async Task When_the_leaders_network_is_dead_it_runs_nothing_and_another_instance_takes_over()
    {
        await using var network = new TcpProxy(broker.Uri);
        await using var first = Instance(network.Uri).Start("* * * * * *");
        await first.WaitUntilLeadingAsync();
        await using var second = Instance().Start("* * * * * *");
        await Client.WaitForConsumersAsync(broker.Uri, Queue, 2);
        await WaitForRunsAsync(2);

        network.IsBlackhole = true;
        var clock = Stopwatch.StartNew();
        var atDeath = _runs.Count;

        await second.WaitUntilLeadingAsync(TimeSpan.FromSeconds(20)); // 15, on a machine that is not busy.
        TestContext.Current.TestOutputHelper!.WriteLine($"taken over after {clock.Elapsed.TotalSeconds:0.0} s");
        await Wait.UntilAsync(() => _runs.Any(run => run.Instance == second.Name), "a run of the second instance");
        Assert.InRange(_runs.Skip(atDeath).Count(run => run.Instance == first.Name), 0, 1); // One may have been checked just before.
        Assert.Equal(second.Name, _runs.Last().Instance);
    }

    [Fact]
    public async Task A_leader_that_stops_hands_over_at_once_and_not_before_its_last_run_has_ended()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var first = Instance().Start("* * * * * *", run: _ => release.Task);
        await WaitForRunsAsync(1);
        await using var second = Instance().Start("* * * * * *");
        await Client.WaitForConsumersAsync(broker.Uri, Queue, 2);

        var stopping = first.StopAsync();
        await first.WaitForLogAsync("This instance runs");
        Assert.False(second.Leads);
        Assert.False(stopping.IsCompleted);
        var clock = Stopwatch.StartNew();
        release.SetResult();
        await stopping;
        await second.WaitUntilLeadingAsync();

        TestContext.Current.TestOutputHelper!.WriteLine($"handed over in {clock.Elapsed.TotalSeconds:0.00} s");
        await WaitForRunsAsync(2);
        Assert.Equal([first.Name, second.Name], _runs.Select(run => run.Instance).Take(2));
        Assert.DoesNotContain(second.Log, IsUnexpected);
    }

    [Fact]
    public async Task Losing_the_lead_cancels_no_run_and_lets_no_other_begin()
    {
        var release = new TaskCompletionSource<CancellationToken>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var network = new TcpProxy(broker.Uri);
        await using var first = Instance(network.Uri).Start("* * * * * *", run: async token =>
        {
            await release.Task;
            Assert.False(token.IsCancellationRequested);
        });
        await WaitForRunsAsync(1);
        await using var second = Instance().Start("* * * * * *");
        await Client.WaitForConsumersAsync(broker.Uri, Queue, 2);

        network.Reset();
        await second.WaitUntilLeadingAsync();
        release.SetResult(default);
        await WaitForRunsAsync(4);

        Assert.All(_runs.Skip(1), run => Assert.Equal(second.Name, run.Instance));
        Assert.DoesNotContain(first.Log, line => line.Contains("failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_queue_that_is_purged_changes_nothing_and_one_that_is_deleted_is_made_again()
    {
        await using var first = Instance().Start("* * * * * *");
        await using var second = Instance().Start("* * * * * *");
        await WaitForRunsAsync(1);
        var leader = _runs.First().Instance;
        await using var connection = await Client.ConnectAsync(broker.Uri);
        await using var channel = await connection.CreateChannelAsync();

        await channel.QueuePurgeAsync(Queue);
        await WaitForRunsAsync(3);
        Assert.All(_runs, run => Assert.Equal(leader, run.Instance));

        await channel.QueueDeleteAsync(Queue);
        var before = _runs.Count;
        await WaitForRunsAsync(before + 2);
        await Client.WaitForConsumersAsync(broker.Uri, Queue, 2);
        Assert.True(first.Leads ^ second.Leads);
    }

    [Fact]
    public async Task A_queue_whose_messages_are_lost_has_a_leader_again()
    {
        // Somebody who takes the messages away, as by a purge at the worst moment, and then goes.
        await using var connection = await Client.ConnectAsync(broker.Uri);
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-single-active-consumer"] = true });
        var taken = 0;
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, _) =>
        {
            Interlocked.Increment(ref taken);
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(Queue, autoAck: true, consumer);
        await using var instance = Instance().Start("* * * * * *");
        await Wait.UntilAsync(() => taken > 0, "a question of the instance");
        Assert.False(instance.Leads);

        await channel.CloseAsync();

        await WaitForRunsAsync(1);
    }

    [Fact]
    public async Task Tokens_do_not_pile_up()
    {
        await using var first = Instance().Start("* * * * * *", isMonitored: true);
        await using var second = Instance().Start("* * * * * *", isMonitored: true);
        await WaitForRunsAsync(5);
        await first.StopAsync();
        await second.StopAsync();

        Assert.InRange(await Client.CountAsync(broker.Uri, Queue), 1u, 3u);
    }

    [Fact]
    public async Task A_message_of_somebody_else_is_dropped_with_a_warning()
    {
        await using var instance = Instance().Start("* * * * * *");
        await instance.WaitUntilLeadingAsync();
        await using var connection = await Client.ConnectAsync(broker.Uri);
        await using var channel = await connection.CreateChannelAsync();

        foreach (var body in new[] { "", "null", "{}", "no JSON", """{"timers":{"Tick":null},"own":[]}""", """{"timers":{"Tick":{}},"own":[]}""" })
        {
            await channel.BasicPublishAsync("", Queue, System.Text.Encoding.UTF8.GetBytes(body));
        }

        await Wait.UntilAsync(() => instance.Log.Count(line => line.Contains("is not from an instance of this app", StringComparison.Ordinal)) == 6, "six warnings");
        await WaitForRunsAsync(_runs.Count + 1);
        Assert.True(instance.Leads);
    }

    [Fact]
    public async Task The_leader_warns_of_timers_that_it_does_not_have()
    {
        await using var first = Instance().Start("* * * * * *");
        await first.WaitUntilLeadingAsync();
        await using var second = Instance().Start("* * * * * *", function: "Tock");

        await first.WaitForLogAsync("does not have: Tock.");
        await first.StopAsync();
        await Wait.UntilAsync(() => _runs.Any(run => run.Instance == second.Name), "the other timer to run");
    }

    [Fact]
    public async Task On_a_queue_without_a_single_active_consumer_the_rivals_are_noticed()
    {
        await using var connection = await Client.ConnectAsync(broker.Uri);
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false);
        await using var instance = Instance(configure: services => services.Configure<RabbitTopicsOptions>(app => app.Topology = TopologyMode.Verify)).Start("* * * * * *");
        await instance.WaitUntilLeadingAsync();

        await Wait.UntilAsync(async () =>
        {
            await channel.BasicPublishAsync("", Queue, mandatory: true,
                new BasicProperties { MessageId = "rival.1", CorrelationId = "rival", Type = TimerSession.State }, """{"timers":{},"own":[]}"""u8.ToArray());
            return instance.Problems.Any(problem => problem.Reason.Contains("x-single-active-consumer", StringComparison.Ordinal));
        }, "the rival to be noticed", TimeSpan.FromSeconds(90));
    }

    [Fact]
    public async Task With_the_option_off_each_instance_runs_its_timers()
    {
        void TurnOff(IServiceCollection services) => services.Configure<TimerOptions>(timers => timers.RunInOneInstance = false);
        await using var first = Instance(configure: TurnOff).Start("* * * * * *");
        await using var second = Instance(configure: TurnOff).Start("* * * * * *");

        await Wait.UntilAsync(() => _runs.Select(run => run.Instance).Distinct().Count() == 2, "runs of both");

        Assert.False(await Client.QueueExistsAsync(broker.Uri, Queue));
        Assert.DoesNotContain(first.Log, line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_broker_in_the_settings_timers_run_in_every_instance_with_a_warning()
    {
        await using var first = new TimerInstance(null, _app, _runs).Start("* * * * * *");
        await using var second = new TimerInstance(null, _app, _runs).Start("* * * * * *");

        await Wait.UntilAsync(() => _runs.Select(run => run.Instance).Distinct().Count() == 2, "runs of both");

        Assert.Single(first.Log, line => line.StartsWith("Warning: The setting 'RabbitMQ' is missing, so that timers run in every instance", StringComparison.Ordinal));
        Assert.Empty(first.Problems);
    }

    /// <summary>A warning or an error, but the two warnings that a busy machine may cause.</summary>
    private static bool IsUnexpected(string line) =>
        (line.StartsWith("Warning", StringComparison.Ordinal) || line.StartsWith("Error", StringComparison.Ordinal))
        && !line.Contains("Cannot publish to the timers' queue", StringComparison.Ordinal)
        && !line.Contains("is late: its run", StringComparison.Ordinal);

    private TimerInstance Instance(Uri? uri = null, Action<IServiceCollection>? configure = null) => new(uri ?? broker.Uri, _app, _runs, configure);

    private Task WaitForRunsAsync(int count) => Wait.UntilAsync(() => _runs.Count >= count, $"{count} runs");

    private void AssertNoneTwice() => Assert.All(_runs.GroupBy(run => run.At.ToUnixTimeSeconds() / 3), runs => Assert.Single(runs));
}
