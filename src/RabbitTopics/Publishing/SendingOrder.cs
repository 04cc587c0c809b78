namespace RabbitTopics.Publishing;

/// <summary>Lets publishes send one at a time, the earliest call first. A call that has to send again keeps its place: nobody who
/// called later sends before it.</summary>
internal sealed class SendingOrder
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<TaskCompletionSource, long> _waiting = new();
    private readonly Dictionary<long, PublishChannel> _sent = [];
    private readonly SortedSet<long> _lost = [];
    private long _calls;
    private bool _isTaken;

    /// <summary>A place in the order.</summary>
    public long Join() => Interlocked.Increment(ref _calls);

    /// <summary>Waits for the turn of a call. Who has it must leave it.</summary>
    public Task EnterAsync(long call, CancellationToken cancellationToken)
    {
        TaskCompletionSource turn;
        lock (_gate)
        {
            _sent.Remove(call); // It knows that its channel is lost, perhaps before anyone else.
            _lost.Remove(call);
            if (!_isTaken && _waiting.Count == 0 && _lost.Count == 0)
            {
                _isTaken = true;
                return Task.CompletedTask;
            }

            turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn, call);
            PassOn();
        }

        return turn.Task.IsCompleted ? Task.CompletedTask : WaitAsync(turn, cancellationToken);
    }

    public void Leave()
    {
        lock (_gate)
        {
            _isTaken = false;
            PassOn();
        }
    }

    /// <summary>Keeps the place of a call that has its turn, could not send, and will try again.</summary>
    public void Hold(long call)
    {
        lock (_gate)
        {
            _lost.Add(call);
        }
    }

    /// <summary>Notes that a call would send again, should the channel be lost before the broker answered.</summary>
    public void NoteSent(long call, PublishChannel channel)
    {
        lock (_gate)
        {
            _sent[call] = channel;
        }
    }

    /// <summary>Notes that a channel is lost: what would be sent again and was under way on it comes first from now on.</summary>
    public void Lose(PublishChannel lost)
    {
        lock (_gate)
        {
            foreach (var (sent, channel) in _sent)
            {
                if (channel == lost)
                {
                    _sent.Remove(sent); // A dictionary may be removed from while it is enumerated.
                    _lost.Add(sent);
                }
            }
        }
    }

    /// <summary>Whether no earlier call than the given one waits for its turn or has to send again.</summary>
    public bool IsEarliest(long call)
    {
        lock (_gate)
        {
            while (_waiting.TryPeek(out var next, out var waiting))
            {
                if (!next.Task.IsCompleted)
                {
                    return call < waiting && !IsBehindLost(call);
                }

                _waiting.Dequeue(); // It has given up.
            }

            return !IsBehindLost(call);
        }
    }

    /// <summary>Notes that a call has its answer, or has given up.</summary>
    public void End(long call)
    {
        lock (_gate)
        {
            _sent.Remove(call);
            if (_lost.Remove(call))
            {
                PassOn();
            }
        }
    }

    private static async Task WaitAsync(TaskCompletionSource turn, CancellationToken cancellationToken)
    {
        await using (cancellationToken.UnsafeRegister(static (turn, token) => ((TaskCompletionSource)turn!).TrySetCanceled(token), turn))
        {
            await turn.Task;
        }
    }

    private bool IsBehindLost(long call) => _lost.Count > 0 && _lost.Min < call;

    private void PassOn()
    {
        while (!_isTaken && _waiting.TryPeek(out var next, out var call) && !IsBehindLost(call))
        {
            _waiting.Dequeue();
            _isTaken = next.TrySetResult(); // Not where it has given up.
        }
    }
}
