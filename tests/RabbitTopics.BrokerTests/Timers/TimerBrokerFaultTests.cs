using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Timers;

/// <summary>Timers on a broker that is down, low on memory, or refuses something.</summary>
public sealed class TimerBrokerFaultTests(TimerBrokerFaultTests.OwnBroker own) : IClassFixture<TimerBrokerFaultTests.OwnBroker>
{
    private readonly string _app = $"test-{Guid.NewGuid():N}";
    private readonly ConcurrentQueue<TimerRun> _runs = new();

    [Fact]
    public async Task A_broker_that_is_down_is_waited_for_and_said_once_and_goes_on_after_a_restart()
    {
        await using var broker = await PrivateBroker.StartNewAndKillAsync();
        await using var instance = new TimerInstance(broker.Uri, _app, _runs).Start("* * * * * *");
        await instance.WaitForLogAsync($"The timers of app '{_app}' wait for the broker at 127.0.0.1:{broker.Uri.Port} (setting 'RabbitMQ')");
        Assert.Contains(instance.Problems, problem => problem.Queue == $"{_app}.timers" && problem.Reason.StartsWith("waiting for the broker at", StringComparison.Ordinal));
        Assert.Empty(_runs);

        await broker.StartAsync();
        await WaitForRunsAsync(1);
        Assert.Single(instance.Log, line => line.Contains("wait for the broker", StringComparison.Ordinal) && line.Contains("timers of app", StringComparison.Ordinal));
        Assert.Empty(instance.Problems);

        await broker.KillAsync();
        await instance.WaitForLogAsync("no longer runs the timers");
        await broker.StartAsync();
        var before = _runs.Count;
        await WaitForRunsAsync(before + 1);
        Assert.DoesNotContain(instance.Log, line => line.Contains(broker.Uri.UserInfo.Split(':')[1], StringComparison.Ordinal));
    }

    [Fact]
    public async Task While_the_broker_takes_no_messages_the_leader_leads_and_another_may_take_over()
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var network = new TcpProxy(broker.Uri);
        await using var first = new TimerInstance(network.Uri, _app, _runs).Start("* * * * * *", isMonitored: true);
        await WaitForRunsAsync(1);
        await using var second = new TimerInstance(broker.Uri, _app, _runs).Start("* * * * * *", isMonitored: true);
        await Client.WaitForConsumersAsync(broker.Uri, $"{_app}.timers", 2);

        await broker.ControlAsync("set_vm_memory_high_watermark", "absolute", "1MB");
        await first.WaitForLogAsync("Cannot publish to the timers' queue");
        var before = _runs.Count;
        await WaitForRunsAsync(before + 3);
        Assert.True(first.Leads);

        network.Reset();
        var clock = Stopwatch.StartNew();
        await second.WaitUntilLeadingAsync();
        TestContext.Current.TestOutputHelper!.WriteLine($"taken over in {clock.Elapsed.TotalSeconds:0.0} s");
        before = _runs.Count;
        await WaitForRunsAsync(before + 3);
        Assert.Equal(second.Name, _runs.Last().Instance);

        await broker.ControlAsync("set_vm_memory_high_watermark", "0.6");
        await Client.WaitForConsumersAsync(broker.Uri, $"{_app}.timers", 2);
        before = _runs.Count;
        await WaitForRunsAsync(before + 2);
        await second.StopAsync();
        await first.WaitUntilLeadingAsync();
    }

    [Theory]
    [InlineData(TopologyMode.Declare, "^$", ".*", ".*", "'configure'", "queue '{0}'")]
    [InlineData(TopologyMode.Declare, ".*", ".*", "^$", "'read'", "queue '{0}'")]
    [InlineData(TopologyMode.Declare, ".*", "^$", ".*", "'write'", "exchange 'amq.default'")]
    [InlineData(TopologyMode.Verify, "^$", ".*", "^$", "'read'", "queue '{0}'")]
    [InlineData(TopologyMode.None, "^$", "^$", ".*", "'write'", "exchange 'amq.default'")]
    public async Task A_permission_that_is_missing_is_named(TopologyMode mode, string configure, string write, string read, string permission, string resource)
    {
        if (mode != TopologyMode.Declare)
        {
            await own.DeclareAsync($"{_app}.timers");
        }

        await using var instance = Modest(mode, configure, write, read).Start("* * * * * *");

        var named = $"The user lacks the permission {permission}";
        await instance.WaitForLogAsync(named);
        var problem = Assert.Single(instance.Problems).Reason;
        Assert.Contains(named, problem, StringComparison.Ordinal);
        Assert.Contains(string.Format(System.Globalization.CultureInfo.InvariantCulture, resource, $"{_app}.timers"), problem, StringComparison.Ordinal);
        Assert.DoesNotContain(instance.Log, line => line.Contains(OwnBroker.Password, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(TopologyMode.Declare)]
    [InlineData(TopologyMode.Verify)]
    [InlineData(TopologyMode.None)]
    public async Task With_the_permissions_of_the_docs_the_timers_run(TopologyMode mode)
    {
        if (mode != TopologyMode.Declare)
        {
            await own.DeclareAsync($"{_app}.timers");
        }

        await using var instance = Modest(mode, mode == TopologyMode.Declare ? OwnBroker.TimersQueue : "^$", @"^amq\.default$", OwnBroker.TimersQueue)
            .Start("* * * * * *", isMonitored: true);

        await WaitForRunsAsync(2);
        Assert.Empty(instance.Problems);
        Assert.DoesNotContain(instance.Log, line => line.Contains("ACCESS_REFUSED", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_queue_that_somebody_should_have_made_is_named_with_what_to_do()
    {
        await using var instance = Modest(TopologyMode.Verify, "^$", ".*", ".*").Start("* * * * * *");

        await instance.WaitForLogAsync($"no queue '{_app}.timers'");
        await instance.WaitForLogAsync("Declare it, durable and with the argument x-single-active-consumer = true");

        await own.DeclareAsync($"{_app}.timers");
        await WaitForRunsAsync(1);
        Assert.Empty(instance.Problems);
    }

    [Fact]
    public async Task A_queue_with_other_properties_is_named_with_what_to_do()
    {
        await using var connection = await own.Broker.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync($"{_app}.timers", durable: true, exclusive: false, autoDelete: false);
        await using var instance = new TimerInstance(own.Broker.Uri, _app, _runs).Start("* * * * * *");

        await instance.WaitForLogAsync("inequivalent arg 'x-single-active-consumer'");
        await instance.WaitForLogAsync("delete it, or give the app another name (RABBITTOPICS_APP_NAME)");
    }

    [Fact]
    public async Task A_quorum_queue_does_as_well()
    {
        await own.DeclareAsync($"{_app}.timers", "quorum");
        void Verify(IServiceCollection services) => services.Configure<RabbitTopicsOptions>(app => app.Topology = TopologyMode.Verify);
        await using var first = new TimerInstance(own.Broker.Uri, _app, _runs, Verify).Start("* * * * * *", isMonitored: true);
        await WaitForRunsAsync(2);
        await using var second = new TimerInstance(own.Broker.Uri, _app, _runs, Verify).Start("* * * * * *", isMonitored: true);
        await Wait.UntilAsync(() => second.Problems.Count == 0, "the second instance to consume"); // Of a quorum queue the broker counts the active consumer only.

        await first.DisposeAsync();

        await second.WaitUntilLeadingAsync();
        await Wait.UntilAsync(() => _runs.Last().Instance == second.Name, "a run of the second instance");
    }

    private TimerInstance Modest(TopologyMode mode, string configure, string write, string read) =>
        new(new UriBuilder(own.Broker.Uri) { UserName = OwnBroker.UserWith(configure, write, read), Password = OwnBroker.Password }.Uri, _app, _runs,
            services => services.Configure<RabbitTopicsOptions>(app => app.Topology = mode));

    private Task WaitForRunsAsync(int count) => Wait.UntilAsync(() => _runs.Count >= count, $"{count} runs");

    /// <summary>A broker with users of few permissions.</summary>
    public sealed class OwnBroker : IAsyncLifetime
    {
        public const string Password = "m0dest-s3cret";
        public const string TimersQueue = @"^test-.*\.timers$";

        private static readonly (string Configure, string Write, string Read)[] Permissions =
        [
            ("^$", ".*", ".*"), (".*", ".*", "^$"), (".*", "^$", ".*"), ("^$", ".*", "^$"), ("^$", "^$", ".*"),
            (TimersQueue, @"^amq\.default$", TimersQueue), ("^$", @"^amq\.default$", TimersQueue),
        ];

        public PrivateBroker Broker { get; private set; } = null!;

        public static string UserWith(string configure, string write, string read) =>
            Array.IndexOf(Permissions, (configure, write, read)) is >= 0 and var number ? $"modest{number}" : throw new ArgumentException("No user has these permissions.");

        public async ValueTask InitializeAsync()
        {
            Broker = await PrivateBroker.StartNewAsync();

            // In one call: rabbitmqctl takes seconds, and tens of them on a busy machine.
            await Broker.ControlAsync("eval", string.Join(", ", Permissions.Select((permission, number) =>
                $"rabbit_auth_backend_internal:add_user({Erlang($"modest{number}")}, {Erlang(Password)}, {Erlang("test")}), "
                + $"rabbit_auth_backend_internal:set_permissions({Erlang($"modest{number}")}, {Erlang("/")}, {Erlang(permission.Configure)}, {Erlang(permission.Write)}, {Erlang(permission.Read)}, {Erlang("test")})")) + ".");
        }

        public ValueTask DisposeAsync() => Broker.DisposeAsync();

        public async Task DeclareAsync(string queue, string type = "classic")
        {
            await using var connection = await Broker.ConnectAsync();
            await using var channel = await connection.CreateChannelAsync();
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false,
                new Dictionary<string, object?> { ["x-single-active-consumer"] = true, ["x-queue-type"] = type });
        }

        private static string Erlang(string text) => $"<<\"{text.Replace("\\", "\\\\", StringComparison.Ordinal)}\">>";
    }
}
