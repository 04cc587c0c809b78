using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Benchmarks;

/// <summary>The benchmarks' figures mean something because every message is counted. No figure is looked at here.</summary>
public sealed class BenchmarkTests(SharedBroker broker)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task The_quick_form_counts_every_message_of_every_contender()
    {
        var (code, output) = await RunAsync("--quick");

        Assert.True(code == 0, output);
        Assert.Contains("RATIO ours-consume-c1-throughput ", output, StringComparison.Ordinal);
        Assert.Contains("RATIO masstransit-latency-p99 ", output, StringComparison.Ordinal);
        Assert.Contains("RATIO wolverine-publish-256-alloc ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apps_of_several_functions_consume_all_their_queues_on_one_connection_and_handle_every_message()
    {
        var (code, output) = await RunAsync("many --quick");

        Assert.True(code == 0, output);
        Assert.Matches(@"\| 1 \| \d+ \| \d+ \| 1 \| 1 \|", output);
        Assert.Matches(@"\| 10 \| \d+ \| \d+ \| 1 \| 10 \|", output);
    }

    [Theory]
    [InlineData("lost", "consume-c16", "did not come")]
    [InlineData("lost", "publish-256", "did not come")]
    [InlineData("doubled", "consume-c16", "came more than once")]
    [InlineData("doubled", "publish-256", "came more than once")]
    [InlineData("unacknowledged", "consume-c16", "not acknowledged")]
    public async Task A_contender_that_does_wrong_by_one_message_fails_the_run(string sabotage, string workload, string reason)
    {
        var (code, output) = await RunAsync($"--quick --workloads {workload} --contenders sabotage-{sabotage}");

        Assert.True(code == 1, output);
        Assert.Contains($"FAILED {workload} sabotage-{sabotage}, round 1: 1 of ", output, StringComparison.Ordinal);
        Assert.Contains(reason, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--speed", "There is no option '--speed'.")]
    [InlineData("--workloads consume-c1,eat", "There is no workload 'eat'.")]
    [InlineData("--contenders raw,nobody", "There is no contender 'nobody'.")]
    [InlineData("--rounds 0", "'--rounds' needs a whole number from 1.")]
    public async Task What_is_not_known_on_the_command_line_is_named(string arguments, string problem)
    {
        var (code, output) = await RunAsync(arguments);

        Assert.Equal(2, code);
        Assert.Contains(problem, output, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output)> RunAsync(string arguments)
    {
        await using var program = AppProcess.Start($"{Repository.Program("tests/RabbitTopics.Benchmarks")} {arguments}",
            new Dictionary<string, string?> { ["RabbitMQ"] = broker.Uri.OriginalString });
        var code = await program.WaitForExitAsync(Patience);
        return (code, program.Output);
    }
}
