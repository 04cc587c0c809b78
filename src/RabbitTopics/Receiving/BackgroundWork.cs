namespace RabbitTopics.Receiving;

/// <summary>Work in the background that is stopped in two steps: it begins nothing new, and what it has begun is cancelled when the time for
/// stopping is over.</summary>
internal sealed class BackgroundWork : IAsyncDisposable
{
    /// <summary>How long work that was cancelled may take to notice it. Work that never does must not keep the program alive.</summary>
    private static readonly TimeSpan NoticeTime = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoning = new();
    private Task _work = Task.CompletedTask;
    private bool _isGivenUp;
    private bool _isDisposed;

    public BackgroundWork() => (Stop, Abandon) = (_stopping.Token, _abandoning.Token);

    /// <summary>Cancelled when nothing new is to begin.</summary>
    public CancellationToken Stop { get; }

    /// <summary>Cancelled when what has begun is to end.</summary>
    public CancellationToken Abandon { get; }

    /// <summary>Starts the work; returns at once.</summary>
    public void Start(Func<Task> work) => _work = Task.Run(async () =>
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (Stop.IsCancellationRequested)
        {
            // It was told to.
        }
    });

    /// <summary>Waits for the work; once the token is cancelled, and the work with it, for five seconds at the most.</summary>
    /// <returns>Whether the work has ended.</returns>
    public async Task<bool> StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await using (cancellationToken.Register(AbandonWork))
        {
            await (_isGivenUp ? Task.CompletedTask : WaitAsync(_work, cancellationToken));
        }

        _isGivenUp = !_work.IsCompleted; // It had its time to notice, and gets it once.
        return _work.IsCompleted;
    }

    /// <summary>Waits for work; once the token, which also cancels the work, is cancelled, for five seconds at the most.</summary>
    public static async Task WaitAsync(Task work, CancellationToken cancellationToken)
    {
        await work.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!work.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(NoticeTime, CancellationToken.None));
        }
    }

    /// <summary>Stops at once, also where a stop waits.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        await StopAsync(new CancellationToken(canceled: true));
        lock (_abandoning)
        {
            _isDisposed = true;
            _stopping.Dispose();
            _abandoning.Dispose();
        }
    }

    /// <summary>What handlers do when they are cancelled runs elsewhere.</summary>
    private void AbandonWork()
    {
        lock (_abandoning)
        {
            _ = _isDisposed ? Task.CompletedTask : _abandoning.CancelAsync();
        }
    }
}
