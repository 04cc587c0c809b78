namespace RabbitTopics.Receiving;

/// <summary>Runs the handling of deliveries side by side up to a limit: at 1 in order, and with a partition key in order per
/// key.</summary>
/// <param name="concurrency">The limit.</param>
/// <param name="partitionKey">Finds a delivery's key; null for no order.</param>
/// <param name="process">Handles one delivery; does not throw.</param>
#pragma warning disable CA1001 // The semaphore is not disposed: a late delivery may still come by, and it holds no handle.
internal sealed class DeliveryDispatcher(int concurrency, Func<Delivery, string?>? partitionKey, Func<Delivery, Task> process)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _slots = new(concurrency, concurrency);
    private readonly Dictionary<string, Queue<Delivery>> _lanes = [];

    /// <summary>Takes a delivery; returns when the next one may come.</summary>
    public async Task DispatchAsync(Delivery delivery)
    {
        if (concurrency > 1 && partitionKey?.Invoke(delivery) is { } key)
        {
            JoinLane(key, delivery);
            return;
        }

        await _slots.WaitAsync(CancellationToken.None);
        if (concurrency == 1)
        {
            await ProcessAsync(delivery);
        }
        else
        {
            // A handler that does not yield must not hold up the others.
            ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Dispatcher.ProcessAsync(work.Delivery), (Dispatcher: this, Delivery: delivery), preferLocal: false);
        }
    }

    /// <summary>Returns when nothing is being handled any more.</summary>
    public async Task DrainAsync()
    {
        for (var slot = 0; slot < concurrency; slot++)
        {
            await _slots.WaitAsync(CancellationToken.None);
        }

        _slots.Release(concurrency);
    }

    private void JoinLane(string key, Delivery delivery)
    {
        lock (_lanes)
        {
            if (_lanes.TryGetValue(key, out var lane))
            {
                lane.Enqueue(delivery);
                return;
            }

            _lanes.Add(key, lane = new Queue<Delivery>([delivery]));
            _ = Task.Run(() => RunLaneAsync(key, lane));
        }
    }

    /// <summary>Handles the deliveries of one key in turn. Those that wait for their turn take no slot.</summary>
    private async Task RunLaneAsync(string key, Queue<Delivery> lane)
    {
        while (true)
        {
            Delivery? delivery;
            lock (_lanes)
            {
                if (!lane.TryDequeue(out delivery))
                {
                    _lanes.Remove(key);
                    return;
                }
            }

            await _slots.WaitAsync(CancellationToken.None);
            await ProcessAsync(delivery);
        }
    }

    private async Task ProcessAsync(Delivery delivery)
    {
        try
        {
            await process(delivery);
        }
        finally
        {
            _slots.Release();
        }
    }
}
