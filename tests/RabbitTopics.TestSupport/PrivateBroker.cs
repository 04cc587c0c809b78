using System.Diagnostics;
using RabbitMQ.Client;

namespace RabbitTopics.TestSupport;

/// <summary>A real RabbitMQ of the test's own, which it may kill and start again.</summary>
public sealed class PrivateBroker : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rabbittopics-").FullName;

    private readonly bool _withManagement;

    private PrivateBroker(bool withManagement) => _withManagement = withManagement;

    /// <summary>The broker's URI; stays the same over restarts.</summary>
    public Uri Uri { get; private set; } = null!;

    /// <summary>The address of its management API, where it was started with that.</summary>
    public Uri? Management { get; private set; }

    public static async Task<PrivateBroker> StartNewAsync(bool withManagement = false)
    {
        var broker = new PrivateBroker(withManagement);
        await broker.StartAsync();
        return broker;
    }

    /// <summary>A broker that has its port but does not run.</summary>
    public static async Task<PrivateBroker> StartNewAndKillAsync()
    {
        var broker = await StartNewAsync();
        await broker.KillAsync();
        return broker;
    }

    public async Task StartAsync()
    {
        Uri = new Uri(await RunAsync(_withManagement ? ["start", "--management", _folder] : ["start", _folder]));
        Management = _withManagement ? new Uri((await RunAsync("management", _folder)).Split(' ')[0]) : null;
    }

    /// <summary>Kills the broker (SIGKILL).</summary>
    public Task KillAsync() => RunAsync("kill", _folder);

    /// <summary>Runs rabbitmqctl.</summary>
    public Task<string> ControlAsync(params string[] arguments) => RunAsync(["ctl", _folder, .. arguments]);

    public Task<IConnection> ConnectAsync() => Client.ConnectAsync(Uri);

    public async ValueTask DisposeAsync()
    {
        await RunAsync("kill", _folder);
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Repository.Root, "infra", "broker", "broker"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? (await output).Trim()
            : throw new InvalidOperationException($"infra/broker/broker {arguments[0]} failed ({process.ExitCode}): {await error}");
    }
}
