namespace RabbitTopics.Functions.Binding;

/// <summary>What the collectors of one invocation publish, until the invocation ends.</summary>
internal sealed class CollectedPublishes
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _allEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running = 1; // The invocation itself.
    private bool _closed;
    private Exception? _failure;

    public Task Add(Func<Task> publish)
    {
        lock (_gate)
        {
            if (_closed)
            {
                throw new InvalidOperationException("The invocation is over, and what its collector publishes now would be nobody's. Await AddAsync before the function returns.");
            }

            _running++;
        }

        return RunAsync(publish);
    }

    /// <summary>Ends the collecting; returns when every publish has ended.</summary>
    /// <returns>The first failure among them; null where there is none.</returns>
    public async Task<Exception?> CloseAsync()
    {
        lock (_gate)
        {
            _closed = true;
        }

        End(null);
        await _allEnded.Task;
        return _failure;
    }

    private async Task RunAsync(Func<Task> publish)
    {
        try
        {
            await publish();
        }
        catch (Exception exception)
        {
            End(exception);
            throw;
        }

        End(null);
    }

    private void End(Exception? failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            if (--_running == 0)
            {
                _allEnded.SetResult();
            }
        }
    }
}
