using RabbitTopics.TestSupport;
using RabbitTopics.WorkerTests.Protocol;

namespace RabbitTopics.WorkerTests;

/// <summary>What the worker says goes to its host, which keeps the log.</summary>
public sealed class LoggingTests(ReadyApp app) : IClassFixture<ReadyApp>
{
    [Fact]
    public async Task What_is_logged_in_an_invocation_reaches_the_host_with_the_invocations_id()
    {
        var invocation = await app.Run.Worker.BeginAsync("Failing", app.Run.Message("failing", "logged", "logged"));
        (await invocation.AnswerAsync()).AssertSuccess();

        RpcLog? found = null;
        await Wait.UntilAsync(() => (found = app.Run.Worker.Logs.FirstOrDefault(log =>
            log.InvocationId == invocation.Id && log.Message.Contains("Handler 'Failing', attempt 1", StringComparison.Ordinal))) is not null, "the log of the failure");
        Assert.Equal(RpcLog.Types.Level.Warning, found!.Level);
        Assert.Contains("It always fails", found.Message, StringComparison.Ordinal);
    }
}
