using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace RabbitTopics.StandaloneWorker.Settings;

/// <summary>Reads host.json into the configuration below <c>AzureFunctionsJobHost</c>, where the Functions host has it too: an
/// environment variable such as <c>AzureFunctionsJobHost__extensions__rabbitMQ__prefetchCount</c> overrides it.</summary>
internal static class HostJson
{
    public const string FileName = "host.json";
    public const string Section = "AzureFunctionsJobHost";

    /// <summary>The prefetch of Microsoft's extension where host.json has none.</summary>
    private const ushort DefaultPrefetch = 30;

    public static void AddTo(IConfigurationBuilder configuration, string folder, StartupProblems problems)
    {
        using var document = JsonSettingsFile.Open(Path.Combine(folder, FileName), problems);
        if (document is not null)
        {
            var values = new Dictionary<string, string?>();
            Flatten(Section, document.RootElement, values);
            configuration.AddInMemoryCollection(values);
        }
    }

    /// <summary>How many deliveries of one queue may be on their way; 30 where host.json has none.</summary>
    public static ushort ReadPrefetch(IConfiguration configuration, StartupProblems problems)
    {
        const string name = $"{Section}:extensions:rabbitMQ:prefetchCount";
        if (configuration[name] is not { Length: > 0 } text)
        {
            return DefaultPrefetch;
        }

        if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var prefetch) && prefetch > 0)
        {
            return prefetch;
        }

        problems.Add($"extensions.rabbitMQ.prefetchCount in host.json is '{text}'. Set it to a whole number from 1 to {ushort.MaxValue}.");
        return DefaultPrefetch;
    }

    private static void Flatten(string path, JsonElement element, Dictionary<string, string?> values)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    Flatten(ConfigurationPath.Combine(path, property.Name), property.Value, values);
                }

                break;

            case JsonValueKind.Array:
                foreach (var (index, item) in element.EnumerateArray().Index())
                {
                    Flatten(ConfigurationPath.Combine(path, index.ToString(CultureInfo.InvariantCulture)), item, values);
                }

                break;

            default:
                values[path] = element.ToString();
                break;
        }
    }
}
