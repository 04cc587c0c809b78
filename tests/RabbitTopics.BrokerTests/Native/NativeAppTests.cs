using System.Diagnostics;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Native;

public sealed class NativeAppTests
{
    [Fact]
    public async Task The_app_compiles_to_a_native_program_without_trim_warnings_and_publishes_and_receives()
    {
        // On a broker of its own: its queues have the demo's names.
        await using var broker = await PrivateBroker.StartNewAsync();
        var folder = Directory.CreateTempSubdirectory("rabbittopics-native-").FullName;
        try
        {
            await PublishAsync(folder);
            await using var app = AppProcess.Start($"'{Path.Combine(folder, "FunctionApp")}'", new Dictionary<string, string?> { ["RabbitMQ"] = broker.Uri.OriginalString });

            await app.WaitForOutputAsync("张三 on topic test");

            Assert.Equal(0, await app.StopAsync());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task PublishAsync(string folder)
    {
        using var publish = Process.Start(new ProcessStartInfo("dotnet",
            ["publish", Path.Combine(Repository.Root, "src", "FunctionApp"), "-c", "Release", "-r", "linux-x64", "-p:PublishAot=true", "-o", folder, "-nologo", "-tl:off"])
        {
            RedirectStandardOutput = true,
            Environment = { ["MSBUILDDISABLENODEREUSE"] = "1", ["UseSharedCompilation"] = "false" },
        })!;
        var output = await publish.StandardOutput.ReadToEndAsync();
        await publish.WaitForExitAsync();
        Assert.True(publish.ExitCode == 0, output);
        Assert.DoesNotContain("warning", output, StringComparison.OrdinalIgnoreCase);
    }
}
