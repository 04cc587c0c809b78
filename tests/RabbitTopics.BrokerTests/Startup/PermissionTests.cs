using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Startup;

/// <summary>The demo under users that may do what docs/permissions.md says, and less. On a broker of their own: its queues have the
/// demo's names.</summary>
public sealed partial class PermissionTests(PermissionTests.OwnBroker own) : IClassFixture<PermissionTests.OwnBroker>
{
    [Theory]
    [InlineData("Declare")]
    [InlineData("Verify")]
    [InlineData("None")]
    public async Task With_the_permissions_of_the_docs_the_demo_publishes_receives_retries_and_parks(string mode)
    {
        await own.StartAfreshAsync(withTopology: mode != "Declare");
        var (configure, write, read) = Documented(mode);
        await own.SetPermissionsAsync(configure, write, read);
        await using var app = own.Start(mode);

        await app.WaitForOutputAsync("张三 on topic test");
        await app.WaitForOutputAsync("李四 on topic"); // By the stock output binding.
        await using var connection = await own.Broker.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.BasicPublishAsync("amq.topic", "test", mandatory: true, "no JSON"u8.ToArray());
        await channel.TakeAsync("rabbitmqdemo_test.dead");

        Assert.Equal(0, await app.StopAsync());
        Assert.DoesNotContain("ACCESS_REFUSED", app.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Declare", "configure", @"FunctionApp\.timers|rabbitmqdemo_watch(\..*)?", "'configure'", "queue 'rabbitmqdemo_test'")]
    [InlineData("Declare", "configure", @"FunctionApp\.timers|rabbitmqdemo_.*[^d]", "'configure'", "queue 'rabbitmqdemo_test.dead'")]
    [InlineData("Declare", "write", @"amq\.topic|amq\.default", "'write' (to bind it)", "queue 'rabbitmqdemo_test'")]
    [InlineData("Declare", "write", @"rabbitmqdemo_.*|amq\.default", "'write'", "exchange 'amq.topic'")]
    [InlineData("Declare", "write", @"rabbitmqdemo_.*|amq\.topic", "'write'", "exchange 'amq.default'")]
    [InlineData("Declare", "read", @"FunctionApp\.timers|rabbitmqdemo_.*", "'read' (to bind to it)", "exchange 'amq.topic'")]
    [InlineData("Declare", "read", @"FunctionApp\.timers|rabbitmqdemo_watch.*|rabbitmqdemo_test\..*|amq\.topic", "'read'", "queue 'rabbitmqdemo_test'")]
    [InlineData("Declare", "read", @"FunctionApp\.timers|rabbitmqdemo_test|rabbitmqdemo_watch|amq\.topic", "'read', for a queue that dead-letters", "queue 'rabbitmqdemo_test.retry.1000'")]
    [InlineData("Verify", "write", @"amq\.default", "'write'", "exchange 'amq.topic'")]
    [InlineData("Verify", "write", @"amq\.topic", "'write'", "exchange 'amq.default'")]
    [InlineData("Verify", "read", @"FunctionApp\.timers|rabbitmqdemo_watch", "'read'", "queue 'rabbitmqdemo_test'")]
    [InlineData("None", "read", @"FunctionApp\.timers|rabbitmqdemo_watch", "'read'", "queue 'rabbitmqdemo_test'")]
    [InlineData("Declare", "configure", @"rabbitmqdemo_.*", "'configure'", "queue 'FunctionApp.timers'")]
    [InlineData("Declare", "read", @"rabbitmqdemo_.*|amq\.topic", "'read'", "queue 'FunctionApp.timers'")]
    [InlineData("Verify", "read", @"rabbitmqdemo_(test|watch)", "'read'", "queue 'FunctionApp.timers'")]
    public async Task With_one_permission_less_the_error_names_it(string mode, string which, string left, string permission, string resource)
    {
        await own.StartAfreshAsync(withTopology: mode != "Declare");
        var (configure, write, read) = Documented(mode);
        await own.SetPermissionsAsync(
            which == "configure" ? $"^({left})$" : configure, which == "write" ? $"^({left})$" : write, which == "read" ? $"^({left})$" : read);
        await using var app = own.Start(mode);

        await Wait.UntilAsync(() => app.Output.Split('\n').Any(line => line.Contains("The user lacks the permission", StringComparison.Ordinal)
            && line.Contains(permission, StringComparison.Ordinal) && line.Contains($"on {resource}", StringComparison.Ordinal)), $"{permission} on {resource}; it printed:\n{app.Output}");
        Assert.DoesNotContain(OwnBroker.Password, app.Output, StringComparison.Ordinal);
        Assert.False(app.HasExited);
    }

    [Fact]
    public async Task A_topology_setting_that_is_none_is_named()
    {
        await using var app = own.Start("Sometimes");

        Assert.Equal(1, await app.WaitForExitAsync());
        Assert.Contains("The setting 'RABBITTOPICS_TOPOLOGY' is 'Sometimes'. Write one of: Declare, Verify, None", app.Output, StringComparison.Ordinal);
    }

    /// <summary>The permissions of a mode, as the docs give them.</summary>
    private static (string Configure, string Write, string Read) Documented(string mode)
    {
        var command = File.ReadLines(Path.Combine(Repository.Root, "docs", "permissions.md"))
            .Single(line => line.Contains("set_permissions", StringComparison.Ordinal) && line.EndsWith($"# {mode}", StringComparison.Ordinal));
        var patterns = Quoted().Matches(command);
        return (patterns[0].Groups[1].Value, patterns[1].Groups[1].Value, patterns[2].Groups[1].Value);
    }

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Quoted();

    /// <summary>A broker with a user of few permissions.</summary>
    public sealed class OwnBroker : IAsyncLifetime
    {
        public const string Password = "m0dest-s3cret";

        private const string User = "modest";

        private const string TimersQueue = "FunctionApp.timers";

        private static readonly string[] Queues = ["rabbitmqdemo_test", "rabbitmqdemo_watch"];

        public PrivateBroker Broker { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Broker = await PrivateBroker.StartNewAsync();
            await Broker.ControlAsync("add_user", User, Password);
        }

        public ValueTask DisposeAsync() => Broker.DisposeAsync();

        public Task SetPermissionsAsync(string configure, string write, string read) => Broker.ControlAsync("set_permissions", User, configure, write, read);

        public AppProcess Start(string mode) => AppProcess.Start(Repository.Program("src/FunctionApp"), new Dictionary<string, string?>
        {
            ["RabbitMQ"] = new UriBuilder(Broker.Uri) { UserName = User, Password = Password }.Uri.OriginalString,
            ["RABBITTOPICS_TOPOLOGY"] = mode,
            ["RABBITTOPICS_APP_NAME"] = "FunctionApp",
        });

        /// <summary>Leaves no queue of an earlier run, or those that somebody else makes for an app that makes none.</summary>
        public async Task StartAfreshAsync(bool withTopology)
        {
            await using var connection = await Broker.ConnectAsync();
            await using var channel = await connection.CreateChannelAsync();
            await channel.QueueDeleteAsync(TimersQueue);
            if (withTopology)
            {
                await channel.QueueDeclareAsync(TimersQueue, durable: true, exclusive: false, autoDelete: false,
                    new Dictionary<string, object?> { ["x-single-active-consumer"] = true });
            }

            foreach (var queue in Queues)
            {
                await channel.QueueDeleteAsync(queue);
                await channel.QueueDeleteAsync($"{queue}.dead");
                foreach (var delay in new[] { 1000L, 5000, 25_000 })
                {
                    await channel.QueueDeleteAsync($"{queue}.retry.{delay}");
                }

                if (withTopology)
                {
                    await MakeAsync(channel, queue);
                }
            }
        }

        private static async Task MakeAsync(IChannel channel, string queue)
        {
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);
            await channel.QueueBindAsync(queue, "amq.topic", queue == "rabbitmqdemo_test" ? "test" : "#");
            await channel.QueueDeclareAsync($"{queue}.dead", durable: true, exclusive: false, autoDelete: false);
            foreach (var delay in new[] { 1000L, 5000, 25_000 })
            {
                await channel.QueueDeclareAsync($"{queue}.retry.{delay}", durable: true, exclusive: false, autoDelete: false,
                    new Dictionary<string, object?> { ["x-message-ttl"] = delay, ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = queue });
            }
        }
    }
}
