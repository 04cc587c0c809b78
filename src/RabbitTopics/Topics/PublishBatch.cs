namespace RabbitTopics.Topics;

/// <summary>Publishes that belong together.</summary>
internal static class PublishBatch
{
    /// <summary>Begins one publish after the other, and waits for all of them, also where the items fail midway. Where what waits for the broker leaves no
    /// room for the next, its own earlier ones are waited for.</summary>
    /// <exception cref="TopicPublishException">The broker did not take one of them; those before and after it may have been taken.</exception>
    public static async Task RunAsync<T>(IEnumerable<T> items, Func<T, Task> publishAsync)
    {
        var publishes = new List<Task>();
        var awaited = 0;
        try
        {
            foreach (var item in items)
            {
                var publish = publishAsync(item);
                while (publish is { IsFaulted: true, Exception.InnerException: PublishBacklogException } && awaited < publishes.Count)
                {
                    await publishes[awaited++].ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    publish = publishAsync(item);
                }

                publishes.Add(publish);
            }
        }
        catch (Exception exception)
        {
            publishes.Add(Task.FromException(exception)); // Of the items.
        }

        await Task.WhenAll(publishes);
    }
}
