using System.Text.Json;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Startup;

/// <summary>What the function app prints where its settings ask for JSON. On a broker of its own, as its queues have the demo's names.</summary>
public sealed class ConsoleLogTests
{
    [Fact]
    public async Task The_console_writes_JSON_with_scopes_where_settings_say_so()
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var app = AppProcess.Start(Repository.Program("src/FunctionApp"), new Dictionary<string, string?>
        {
            ["RabbitMQ"] = broker.Uri.OriginalString,
            ["Logging__Console__FormatterName"] = "json",
            ["Logging__Console__FormatterOptions__IncludeScopes"] = "true",
        });
        const string handled = "on topic test\""; // It is also sent what was published to its queue.
        await Wait.UntilAsync(() => app.Output.Contains(handled, StringComparison.Ordinal), "a line of the function");
        Assert.Equal(0, await app.StopAsync());

        var lines = app.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => JsonSerializer.Deserialize<JsonElement>(line));
        var line = JsonSerializer.Deserialize<JsonElement>(lines.First(line => line.Contains(handled, StringComparison.Ordinal)));
        TestContext.Current.TestOutputHelper!.WriteLine($"{line}");
        Assert.Equal("FunctionApp.HandlePerson", line.GetProperty("Category").GetString());
        var scope = line.GetProperty("Scopes").EnumerateArray().Single(scope => scope.TryGetProperty("AzureFunctions_InvocationId", out _));
        Assert.Equal(("HandlePerson", "rabbitmqdemo_test", "test", "1"), (Text("AzureFunctions_FunctionName"), Text("Queue"), Text("Topic"), Text("Attempt")));
        Assert.NotEmpty(Text("MessageId"));

        string Text(string name) => scope.GetProperty(name).ToString();
    }
}
