using Microsoft.Extensions.Logging;
using RabbitTopics.Functions.FunctionsHost;

namespace RabbitTopics.Tests.Functions;

/// <summary>What Microsoft's host would drop of the log of its worker.</summary>
public sealed class BackgroundLogTests
{
    [Fact]
    public void What_the_library_logs_outside_of_invocations_is_written_each_on_a_line_with_a_word_for_its_level()
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(new BackgroundLog(output)));
        var ours = loggers.CreateLogger("RabbitTopics.Functions.Some");

        ours.LogDebug("whispered");
        ours.LogInformation("told");
        ours.LogWarning("careful {What}", "now");
        ours.LogCritical("first\nsecond");
        loggers.CreateLogger("Shop.Orders").LogError("theirs");
        using (ours.BeginScope(new Dictionary<string, object> { ["AzureFunctions_InvocationId"] = "1" }))
        {
            ours.LogError("in an invocation");
        }

        Assert.Equal("info: RabbitTopics.Functions.Some: told\nwarning: RabbitTopics.Functions.Some: careful now\nerror: RabbitTopics.Functions.Some: first second\n", output.ToString());
    }
}
