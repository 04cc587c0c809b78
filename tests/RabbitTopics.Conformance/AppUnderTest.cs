using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Conformance;

/// <summary>The function app that the suite is about: a command line (<c>CONFORMANCE_APP</c>; default: the suite's own app,
/// hosting itself), started with its settings as environment variables.</summary>
public static class AppUnderTest
{
    /// <summary>How many messages of a queue it takes at once, where a function says nothing else.</summary>
    public const int Prefetch = 10;

    /// <summary>The queues of the app's functions, without the run's name.</summary>
    private static readonly string[] Queues =
    [
        "typed", "typed-envelope", "bytes", "text", "envelope", "failing-once", "failing", "delayed", "acting", "lasting", "holding", "crashing", "mixed", "fuzzed", "collecting", "leaving", "once", "once-with-output",
    ];

    /// <summary>What the app may have made beside each of them.</summary>
    private static readonly string[] Suffixes = ["", ".dead", ".retry.100", ".retry.1000", ".retry.5000", ".retry.25000"];

    private static string CommandLine =>
        Environment.GetEnvironmentVariable("CONFORMANCE_APP") is { Length: > 0 } given ? given : Repository.Program("tests/RabbitTopics.Conformance.App");

    /// <param name="broker">The broker it works on.</param>
    /// <param name="run">The beginning of its queues' names.</param>
    /// <param name="settings">Further settings.</param>
    public static AppProcess Start(Uri broker, string run, params (string Name, string Value)[] settings) => AppProcess.Start(CommandLine,
        new Dictionary<string, string?>(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)))
        {
            ["RabbitMQ"] = broker.OriginalString,
            ["CONFORMANCE_RUN"] = run,
            ["CONFORMANCE_SCHEDULE"] = "00:00:01",
            ["AzureFunctionsJobHost__extensions__rabbitMQ__prefetchCount"] = Prefetch.ToString(System.Globalization.CultureInfo.InvariantCulture),
        });

    /// <summary>Waits until each of the app's queues has its one consumer.</summary>
    public static async Task WaitUntilReadyAsync(Uri broker, string run)
    {
        foreach (var queue in Queues)
        {
            await Client.WaitForConsumersAsync(broker, $"{run}.{queue}");
        }
    }

    /// <summary>Deletes whatever the app made.</summary>
    public static async Task DeleteQueuesAsync(IChannel channel, string run)
    {
        foreach (var queue in Queues.SelectMany(queue => Suffixes.Select(suffix => queue + suffix)))
        {
            await channel.QueueDeleteAsync($"{run}.{queue}");
        }
    }
}
