using RabbitTopics.WorkerTests.Host;

namespace RabbitTopics.WorkerTests;

/// <summary>Functions and middleware that use nothing of ours are served as Microsoft's worker serves them, in an app that uses
/// RabbitTopics.</summary>
public sealed class StockTests(ReadyApp app) : IClassFixture<ReadyApp>
{
    [Fact]
    public async Task A_stock_function_has_its_binding_data_its_middleware_and_several_outputs()
    {
        var answer = await app.Run.Worker.InvokeAsync("StockOrder", HostMessage.Of("any.key", """{"Id":5,"Text":"five"}"""));

        answer.AssertSuccess();
        var outputs = answer.OutputData.ToDictionary(output => output.Name, output => output.Data);
        Assert.Equal("5|five (changed)|hello|StockOrder|True|False|any.key|False|True",
            (string?)System.Text.Json.Nodes.JsonNode.Parse(outputs["First"].Json)!["Value"]);
        Assert.Equal("second of rabbitMQ changed", outputs["Second"].String);
        Assert.False(outputs.TryGetValue("Nothing", out var nothing) && nothing is not null);
    }

    [Fact]
    public async Task A_stock_function_takes_text_and_returns_a_value() =>
        Assert.Equal("张三", (await app.Run.Worker.InvokeAsync("StockText", HostMessage.Of("any.key", "张三"))).Seen().Value);

    [Theory]
    [InlineData("StockTimer")]
    [InlineData("StockTimerOfItsOwn")]
    public async Task A_stock_timer_runs_when_its_host_says(string function) =>
        Assert.Equal((function, "next "), ((await app.Run.Worker.RunTimerAsync(function)).Seen().Function, (await app.Run.Worker.RunTimerAsync(function)).Seen().Value));
}
