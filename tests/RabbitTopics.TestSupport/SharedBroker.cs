using RabbitTopics.TestSupport;

[assembly: AssemblyFixture(typeof(SharedBroker))]

namespace RabbitTopics.TestSupport;

/// <summary>The broker of all tests that leave it alive: the one in <c>RabbitMQ</c>, else a private one. Each test uses queues of its
/// own.</summary>
public sealed class SharedBroker : IAsyncLifetime
{
    private PrivateBroker? _own;

    public Uri Uri { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("RabbitMQ") is { Length: > 0 } given)
        {
            Uri = new Uri(given);
        }
        else
        {
            _own = await PrivateBroker.StartNewAsync();
            Uri = _own.Uri;
        }
    }

    public ValueTask DisposeAsync() => _own?.DisposeAsync() ?? ValueTask.CompletedTask;
}
