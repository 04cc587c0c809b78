using System.Text.Json.Nodes;
using RabbitTopics.WorkerTests.Host;
using RabbitTopics.WorkerTests.Protocol;

namespace RabbitTopics.WorkerTests;

/// <summary>What the worker tells its host of itself and of the app's functions.</summary>
public sealed class MetadataTests(ReadyApp app) : IClassFixture<ReadyApp>
{
    [Fact]
    public async Task The_worker_says_what_runs_it_and_what_it_can()
    {
        var answer = await app.Run.Worker.InitAsync();

        Assert.Equal(".NET", answer.WorkerMetadata.RuntimeName);
        Assert.Equal($"{Environment.Version}", answer.WorkerMetadata.RuntimeVersion);
        Assert.StartsWith("2.", answer.WorkerVersion, StringComparison.Ordinal);
        Assert.Equal("True", answer.Capabilities["WorkerStatus"]);
        Assert.Equal("True", answer.Capabilities["TypedDataCollection"]);
    }

    [Fact]
    public async Task The_worker_gives_signs_of_life() => await app.Run.Worker.PingAsync();

    [Fact]
    public async Task Every_function_is_told_with_where_it_is()
    {
        var answer = await app.Run.Worker.IndexAsync();

        Assert.False(answer.UseDefaultMetadataIndexing);
        Assert.Equal(
            [
                "Acting", "Bytes", "Collecting", "Crashing", "Delayed", "Envelope", "Failing", "FailingOnce", "Fuzzed", "Holding", "Lasting", "Leaving", "Mixed", "Once", "OnceWithOutput",
                "QueueFromTimer", "SeveralOutputs", "StockOrder", "StockText", "StockTimer", "StockTimerOfItsOwn", "Text", "TopicFromTimer", "Typed", "TypedEnvelope",
            ],
            answer.FunctionMetadataResults.Select(function => function.Name).Order(StringComparer.Ordinal));
        Assert.All(answer.FunctionMetadataResults, function =>
        {
            Assert.Equal("RabbitTopics.Conformance.App.dll", function.ScriptFile);
            Assert.Equal("dotnet-isolated", function.Language);
            Assert.NotEmpty(function.FunctionId);
        });
        Assert.Equal("RabbitTopics.Conformance.App.SettlingFunctions.Acting", Find("Acting").Metadata.EntryPoint);
        Assert.Equal("RabbitTopics.Conformance.App.BodyFunctions.Typed", Find("Typed").Metadata.EntryPoint);
        Assert.Equal(answer.FunctionMetadataResults.Count, answer.FunctionMetadataResults.Select(function => function.FunctionId).Distinct().Count());
    }

    [Fact]
    public void Every_RabbitMQ_trigger_asks_for_the_body_as_bytes()
    {
        var triggers = app.Run.Worker.Functions.Where(function => (string?)function.Trigger["type"] == "rabbitMQTrigger").ToArray();

        Assert.Equal(20, triggers.Length);
        Assert.All(triggers, function =>
        {
            Assert.Equal("Binary", (string?)function.Trigger["dataType"]);
            Assert.Equal("In", (string?)function.Trigger["direction"]);
            Assert.Equal("RabbitMQ", (string?)function.Trigger["connectionStringSetting"]);
            Assert.StartsWith("%CONFORMANCE_RUN%.", (string?)function.Trigger["queueName"], StringComparison.Ordinal);
            Assert.Equal(BindingInfo.Types.DataType.Binary, function.Metadata.Bindings[function.TriggerName].DataType);
        });
        Assert.Equal(("item", "%CONFORMANCE_RUN%.typed"), (Find("Typed").TriggerName, (string?)Find("Typed").Trigger["queueName"]));
        Assert.Equal("text", Find("Acting").TriggerName); // And not one of the parameters that have no binding.
    }

    [Fact]
    public void Timers_are_told_as_their_attributes_are()
    {
        var each = Find("TopicFromTimer").Trigger;
        Assert.Equal(("timerTrigger", "* * * * * *", "In", "timer"), ((string?)each["type"], (string?)each["schedule"], (string?)each["direction"], (string?)each["name"]));
        Assert.Equal("%CONFORMANCE_SCHEDULE%", (string?)Find("QueueFromTimer").Trigger["schedule"]);
        Assert.True((bool?)Find("SeveralOutputs").Trigger["runOnStartup"]);
    }

    [Fact]
    public void Only_outputs_that_the_host_knows_are_told()
    {
        AssertOutput("Typed", "$return", "%CONFORMANCE_RUN%.seen");
        AssertOutput("QueueFromTimer", "$return", "%CONFORMANCE_RUN%.stock");
        AssertOutput("SeveralOutputs", "ToQueue", "%CONFORMANCE_RUN%.several");
        Assert.Equal(["First", "Nothing", "Second"], Find("StockOrder").Outputs.Select(output => (string?)output["name"]).Order(StringComparer.Ordinal));
        Assert.Empty(Find("TopicFromTimer").Outputs);
        Assert.Empty(Find("Collecting").Outputs);
        Assert.All(app.Run.Worker.Functions.SelectMany(function => function.Bindings), binding =>
            Assert.Contains((string)binding["type"]!, ["rabbitMQTrigger", "timerTrigger", "rabbitMQ"], StringComparer.OrdinalIgnoreCase));
    }

    private void AssertOutput(string function, string name, string queue)
    {
        JsonObject output = Assert.Single(Find(function).Outputs);
        Assert.Equal("rabbitMQ", (string?)output["type"], ignoreCase: true);
        Assert.Equal((name, queue, "RabbitMQ"), ((string?)output["name"], (string?)output["queueName"], (string?)output["connectionStringSetting"]));
    }

    private HostedFunction Find(string function) => app.Run.Worker.Functions.Single(hosted => hosted.Name == function);
}
