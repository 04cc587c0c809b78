using Microsoft.Extensions.Hosting;

namespace RabbitTopics.Benchmarks.Contenders;

/// <summary>An app that has been started; stops when it is disposed.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private readonly IHost _host;

    private RunningHost(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public static async Task<RunningHost> StartAsync(IHost host)
    {
        await host.StartAsync();
        return new RunningHost(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync(); // Closes the connections.
        }
    }
}
