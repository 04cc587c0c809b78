using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace RabbitTopics.TestSupport;

/// <summary>A program under test, run as a process of its own. Its settings are environment variables; what it prints is
/// kept.</summary>
public sealed class AppProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private Func<Task> _deleteQueueAsync = () => Task.CompletedTask;

    private AppProcess(Process process) => _process = process;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a command line, run by the shell's rules of words. Unless its settings say otherwise it is an app of its own: of
    /// several instances of one app only one runs the timers.</summary>
    public static AppProcess Start(string commandLine, IReadOnlyDictionary<string, string?> environment)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"exec {commandLine}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        const string nameSetting = "RABBITTOPICS_APP_NAME";
        var ownName = $"test-{Guid.NewGuid():N}";
        start.Environment[nameSetting] = ownName;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var app = new AppProcess(new Process { StartInfo = start });
        if (!environment.ContainsKey(nameSetting) && Uri.TryCreate(environment.GetValueOrDefault("RabbitMQ"), UriKind.Absolute, out var broker))
        {
            app._deleteQueueAsync = () => app.Output.Contains($"timers of app '{ownName}'", StringComparison.Ordinal) ? Client.TryDeleteQueueAsync(broker, $"{ownName}.timers") : Task.CompletedTask;
        }

        app._process.OutputDataReceived += (_, line) => app.Keep(line.Data);
        app._process.ErrorDataReceived += (_, line) => app.Keep(line.Data);
        app._process.Start();
        app._process.BeginOutputReadLine();
        app._process.BeginErrorReadLine();
        return app;
    }

    public async Task<int> WaitForExitAsync(TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within is { } idle ? Wait.Stretch(idle) : Wait.Patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The program did not exit. It printed:\n{Output}");
        }

        return _process.ExitCode;
    }

    public Task WaitForOutputAsync(string text, TimeSpan? within = null) =>
        Wait.UntilAsync(() => Output.Contains(text, StringComparison.Ordinal)
            ? true
            : HasExited ? throw new InvalidOperationException($"The program ended before it printed '{text}':\n{Output}") : false,
            $"the program to print '{text}'", within);

    /// <summary>Asks the program to stop (SIGTERM) and waits for it.</summary>
    public async Task<int> StopAsync()
    {
        if (!_process.HasExited)
        {
            _ = SendSignal(_process.Id, 15);
        }

        return await WaitForExitAsync();
    }

    /// <summary>Ends the program at once (SIGKILL).</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Kill();
            await _process.WaitForExitAsync();
        }

        await _deleteQueueAsync();
        _process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int processId, int signal);

    private void Keep(string? line)
    {
        if (line is not null)
        {
            lock (_output)
            {
                _output.AppendLine(line);
            }
        }
    }
}
