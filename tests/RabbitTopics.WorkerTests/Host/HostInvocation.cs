using RabbitTopics.WorkerTests.Protocol;

namespace RabbitTopics.WorkerTests.Host;

/// <summary>An invocation under way.</summary>
/// <param name="worker">The worker that runs it.</param>
/// <param name="id">Its id, which the worker's logs carry.</param>
/// <param name="answer">Waits for the worker's answer.</param>
public sealed class HostInvocation(HostedWorker worker, string id, Func<Task<InvocationResponse>> answer)
{
    public string Id => id;

    public Task<InvocationResponse> AnswerAsync() => answer();

    /// <summary>Tells the worker to cancel it.</summary>
    public ValueTask CancelAsync() => worker.CancelAsync(id);
}
