namespace RabbitTopics.Topics;

/// <summary>Publishes that belong together: each begins when it is added, and all of them are waited for.</summary>
internal sealed class PublishBatch
{
    private readonly List<Task> _publishes = [];
    private int _awaited;

    /// <summary>Publishes each of some items, and waits for all of them, also where the items fail midway.</summary>
    /// <exception cref="TopicPublishException">The broker did not take one of them; those before and after it may have been taken.</exception>
    public static async Task RunAsync<T>(IEnumerable<T> items, Func<T, Task> publishAsync)
    {
        var batch = new PublishBatch();
        try
        {
            foreach (var item in items)
            {
                await batch.AddAsync(item, publishAsync);
            }
        }
        catch (Exception exception)
        {
            await batch.AddAsync(exception, Task.FromException); // Of the items.
        }

        await batch.WhenAllAsync();
    }

    /// <summary>Begins a publish. Where what waits for the broker leaves no room for it, earlier ones of this batch are waited for.</summary>
    public async Task AddAsync<T>(T item, Func<T, Task> publishAsync)
    {
        var publish = publishAsync(item);
        while (publish is { IsFaulted: true, Exception.InnerException: PublishBacklogException } && NextToAwait() is { } earlier)
        {
            await earlier.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            publish = publishAsync(item);
        }

        lock (_publishes)
        {
            _publishes.Add(publish);
        }
    }

    /// <summary>Waits for all that were added since the last time.</summary>
    public Task WhenAllAsync()
    {
        lock (_publishes)
        {
            var all = Task.WhenAll(_publishes);
            _publishes.Clear();
            _awaited = 0;
            return all;
        }
    }

    /// <summary>The oldest publish that was not awaited yet; null where there is none.</summary>
    private Task? NextToAwait()
    {
        lock (_publishes)
        {
            return _awaited < _publishes.Count ? _publishes[_awaited++] : null;
        }
    }
}
