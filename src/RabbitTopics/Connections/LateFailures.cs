namespace RabbitTopics.Connections;

/// <summary>Tasks that are not waited for to their end, as the client can wait for ever on a connection that is gone (rabbitmq-dotnet-client #1930).</summary>
internal static class LateFailures
{
    /// <summary>The task; how it fails once nobody waits for it any more is no unobserved exception.</summary>
    public static Task Observed(this Task task)
    {
        _ = task.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return task;
    }
}
