using Microsoft.Extensions.Configuration;

namespace RabbitTopics.Topology;

/// <summary>The setting <c>RABBITTOPICS_TOPOLOGY</c>, which wins over <see cref="RabbitTopicsOptions.Topology"/>: one build declares its queues
/// on a developer's machine and only verifies them where it runs with fewer permissions.</summary>
internal static class TopologySetting
{
    private const string Name = "RABBITTOPICS_TOPOLOGY";

    /// <summary>What the setting says; null if it is not set or not valid.</summary>
    public static TopologyMode? Read(IConfiguration configuration) =>
        Enum.GetValues<TopologyMode>().Where(mode => string.Equals($"{mode}", configuration[Name], StringComparison.OrdinalIgnoreCase)).Cast<TopologyMode?>().FirstOrDefault();

    /// <summary>What is wrong with it; null where nothing is.</summary>
    public static string? Problem(IConfiguration configuration) => configuration[Name] is { Length: > 0 } text && Read(configuration) is null
        ? $"The setting '{Name}' is '{text}'. Write one of: {string.Join(", ", Enum.GetNames<TopologyMode>())}; or leave it out."
        : null;
}
