using System.Text.Json.Nodes;
using RabbitTopics.TestSupport;
using RabbitTopics.WorkerTests.Host;
using RabbitTopics.WorkerTests.Protocol;

namespace RabbitTopics.WorkerTests;

/// <summary>The demo app as a worker. It has the same queues wherever it runs, so it makes none here and publishes nothing.</summary>
public sealed class FunctionAppTests(SharedBroker broker)
{
    [Fact]
    public async Task The_demo_runs_as_a_worker()
    {
        await using var host = await TestFunctionsHost.StartAsync();
        var worker = host.StartWorker("src/FunctionApp", ("RabbitMQ", broker.Uri.OriginalString), ("RABBITTOPICS_TOPOLOGY", "None"));

        await worker.GetReadyAsync();
        Assert.Equal(["HandlePerson", "PublishPerson", "PublishReminder", "WatchEverything"], worker.Functions.Select(function => function.Name).Order(StringComparer.Ordinal));

        var handling = await worker.BeginAsync("HandlePerson", HostMessage.Of("test", """{"Id":1700000000,"Name":"张三"}"""));
        (await handling.AnswerAsync()).AssertSuccess();
        await Wait.UntilAsync(() => worker.Logs.Any(log => log.InvocationId == handling.Id && log.Level == RpcLog.Types.Level.Information
            && log.Message == "Received 1700000000 张三 on topic test"), "the function's log");
        (await worker.InvokeAsync("WatchEverything", HostMessage.Of("any.topic", "x"))).AssertSuccess();
        var reminder = await worker.RunTimerAsync("PublishReminder");
        reminder.AssertSuccess();
        Assert.Equal("李四", (string?)JsonNode.Parse(reminder.ReturnValue.Json)!["Name"]);

        Assert.Equal(0, await worker.TerminateAsync(TimeSpan.FromSeconds(10)));
    }
}
