using Microsoft.Extensions.Hosting;

namespace RabbitTopics.Testing.Hosting;

/// <summary>Ctrl-C and signals are the test runner's.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
