namespace RabbitTopics.Receiving;

/// <summary>Waits for work that is asked to stop.</summary>
internal static class Stopping
{
    /// <summary>How long work that was cancelled may take to notice it. Work that never does must not keep the program
    /// alive: its message is delivered again.</summary>
    private static readonly TimeSpan NoticeTime = TimeSpan.FromSeconds(5);

    /// <summary>Waits for the work; once the token, which also cancels the work, is cancelled, for five seconds at the
    /// most.</summary>
    public static async Task WaitAsync(Task work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        try
        {
            await work.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAny(work, Task.Delay(NoticeTime, CancellationToken.None));
        }
    }
}
