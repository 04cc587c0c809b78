using Microsoft.Extensions.DependencyInjection;

namespace RabbitTopics.Testing;

/// <summary>What a test changes of the app.</summary>
public sealed class TestAppOptions
{
    /// <summary>Settings, which win over the environment and the app's files. No setting of a broker is needed.</summary>
    public IDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Replaces or adds services, after the app's own. Default: nothing.</summary>
    public Action<IServiceCollection>? ConfigureServices { get; set; }

    /// <summary>The time at which the app starts. Default: the beginning of the year 2000, UTC.</summary>
    public DateTimeOffset StartTime { get; set; } = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Is asked before a message of the app is published; what it throws is what publishing throws, for example a
    /// <see cref="PublishReturnedException"/>. Default: all is published.</summary>
    public Action<PublishedMessage>? OnPublish { get; set; }

    /// <summary>After how many attempts at a message the test fails: a policy without a limit would go on for ever. Default: 1 000.</summary>
    public int MostAttempts { get; set; } = 1_000;
}
