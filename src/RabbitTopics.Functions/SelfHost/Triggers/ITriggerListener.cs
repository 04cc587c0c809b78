namespace RabbitTopics.Functions.SelfHost.Triggers;

/// <summary>Invokes one function when its trigger fires.</summary>
internal interface ITriggerListener : IAsyncDisposable
{
    /// <summary>Begins to listen in the background.</summary>
    void Start();

    /// <summary>Lets no further invocation begin, waits for those at work, and cancels them when the token is.</summary>
    Task StopAsync(CancellationToken cancellationToken);
}
