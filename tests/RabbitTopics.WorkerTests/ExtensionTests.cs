using RabbitTopics.HostExtension.V1;

namespace RabbitTopics.WorkerTests;

/// <summary>Messages that our extension delivered, which is known by an entry of the binding data: the extension settles them, by what the app says and
/// by how the invocation ends.</summary>
public sealed class ExtensionTests(ReadyApp app) : IClassFixture<ReadyApp>
{
    private readonly string _id = $"{Guid.NewGuid()}";

    private AppRun Run => app.Run;

    [Fact]
    public async Task A_message_that_was_handled_is_the_extensions_to_acknowledge_and_its_headers_have_their_types()
    {
        (await InvokeAsync("Acting", "acting", _id, """{"messageId":"ID","headers":{"rt-attempts":2,"text":"header text"}}""")).AssertSuccess();

        Assert.Equal(3, (await Run.TakeSeenAsync("Acting", _id)).Attempt);
        Assert.Empty(Run.Settlements.Of(_id));
    }

    [Theory]
    [InlineData("dead-letter", SettleRequest.Types.Action.DeadLetter, "odd")]
    [InlineData("abandon", SettleRequest.Types.Action.Abandon, "")]
    [InlineData("retry", SettleRequest.Types.Action.Retry, "")]
    public async Task What_a_function_does_with_its_message_the_extension_does(string body, SettleRequest.Types.Action action, string reason)
    {
        (await InvokeAsync("Acting", "acting", body)).AssertSuccess();

        var settled = Assert.IsType<SettleRequest>(Assert.Single(Run.Settlements.Of(_id)));
        Assert.Equal((action, reason), (settled.Action, settled.Reason));
        Assert.Equal(action == SettleRequest.Types.Action.Retry ? 100 : 0, settled.DelayMilliseconds);
        Assert.Equal(0, await Run.CountCopiesAsync("acting", _id));
    }

    [Fact]
    public async Task A_function_that_completes_its_message_and_throws_fails_and_the_extension_hears_of_both()
    {
        Assert.Equal(Protocol.StatusResult.Types.Status.Failure, (await InvokeAsync("Acting", "acting", "complete and throw")).Result.Status);

        Assert.Collection(Run.Settlements.Of(_id),
            first => Assert.Equal(SettleRequest.Types.Action.Complete, Assert.IsType<SettleRequest>(first).Action),
            second => Assert.Equal("It is complete all the same.", Assert.IsType<FailRequest>(second).Message));
    }

    [Fact]
    public async Task A_function_that_throws_fails_and_the_extension_is_told_of_what_without_secrets()
    {
        Assert.Equal(Protocol.StatusResult.Types.Status.Failure, (await InvokeAsync("Failing", "failing", "x")).Result.Status);

        var failed = Assert.IsType<FailRequest>(Assert.Single(Run.Settlements.Of(_id)));
        Assert.Equal((FailRequest.Types.Kind.Failed, "System.InvalidOperationException"), (failed.Kind, failed.Type));
        Assert.Equal("It always fails; amqp://***@host is no secret here.", failed.Message);
        Assert.Contains("SettlingFunctions.Failing", failed.Stack, StringComparison.Ordinal);
        Assert.Equal(0, await Run.CountCopiesAsync("failing", _id));
    }

    [Fact]
    public async Task A_body_that_is_not_what_the_function_takes_fails_and_is_told_as_poison()
    {
        Assert.Equal(Protocol.StatusResult.Types.Status.Failure, (await InvokeAsync("Typed", "typed", "no JSON")).Result.Status);

        Assert.Equal(FailRequest.Types.Kind.Poison, Assert.IsType<FailRequest>(Assert.Single(Run.Settlements.Of(_id))).Kind);
    }

    private Task<Protocol.InvocationResponse> InvokeAsync(string function, string topic, string body, string? properties = null) =>
        Run.Worker.InvokeAsync(function, Run.Message(topic, body, _id).OfOurExtension(_id, (properties ?? """{"messageId":"ID"}""").Replace("ID", _id, StringComparison.Ordinal)));
}
