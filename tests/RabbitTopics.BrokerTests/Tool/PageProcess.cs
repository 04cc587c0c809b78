using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Tool;

/// <summary>The command <c>rabbittopics ui</c>, run as a process on a free port.</summary>
internal sealed class PageProcess : IAsyncDisposable
{
    private readonly AppProcess _process;

    private PageProcess(AppProcess process, Uri address) => (_process, Address) = (process, address);

    /// <summary>The address that it printed.</summary>
    public Uri Address { get; }

    public int ProcessId => _process.Id;

    public string Output => _process.Output;

    public static async Task<PageProcess> StartAsync(Uri broker, string arguments, string? token = null)
    {
        const string before = "): ";
        var process = AppProcess.Start($"{Repository.Program("src/RabbitTopics.Tool")} ui --port 0 {arguments}",
            new Dictionary<string, string?> { ["RabbitMQ"] = broker.OriginalString, ["RABBITTOPICS_UI_TOKEN"] = token });
        await process.WaitForOutputAsync($"{before}http");
        await Wait.UntilAsync(() => process.Output.EndsWith('\n'), "the whole line");
        var line = process.Output.Split('\n').First(line => line.Contains($"{before}http", StringComparison.Ordinal));
        return new PageProcess(process, new Uri(line[(line.IndexOf(before, StringComparison.Ordinal) + before.Length)..].Split(' ')[0]));
    }

    /// <summary>Asks it to stop (SIGTERM) and waits for it.</summary>
    public Task<int> StopAsync() => _process.StopAsync();

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
