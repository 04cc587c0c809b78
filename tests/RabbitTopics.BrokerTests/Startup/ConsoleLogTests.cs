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
        await Wait.UntilAsync(() => app.Output.Contains("FunctionApp.HandlePerson", StringComparison.Ordinal), "a line of the function");
        Assert.Equal(0, await app.StopAsync());

        var lines = app.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        var line = lines.First(line => line.GetProperty("Category").ValueEquals("FunctionApp.HandlePerson"));
        TestContext.Current.TestOutputHelper!.WriteLine($"{line}");
        Assert.Equal("test", line.GetProperty("State").GetProperty("Topic").GetString());
        var scope = line.GetProperty("Scopes").EnumerateArray().Single(scope => scope.TryGetProperty("AzureFunctions_InvocationId", out _));
        Assert.Equal(("HandlePerson", "rabbitmqdemo_test", "test", "1"), (Text("AzureFunctions_FunctionName"), Text("Queue"), Text("Topic"), Text("Attempt")));
        Assert.NotEmpty(Text("MessageId"));

        string Text(string name) => scope.GetProperty(name).ToString();
    }
}
