using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Startup;

namespace RabbitTopics.Functions.SelfHost.Settings;

/// <summary>Reads host.json into the configuration below <c>AzureFunctionsJobHost</c>, where the Functions host has it too: what is
/// there already, as from an environment variable <c>AzureFunctionsJobHost__extensions__rabbitMQ__prefetchCount</c>, wins.</summary>
internal static class HostJson
{
    public const string FileName = "host.json";
    public const string Section = "AzureFunctionsJobHost";

    /// <summary>The last ones are those of Microsoft's extension, which an app that hosts itself has attributes and settings for.</summary>
    private static readonly HashSet<string> KnownOfExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        "prefetchCount", "concurrency", "connectionString", "queueName", "hostName", "userName", "password", "port", "disableCertificateValidation",
    };

    /// <summary>What the Functions host knows (azure-functions-host, HostJsonFileConfigurationSource; functions-host-json of its docs; the
    /// later telemetryMode and configurationProfile), and what version 1 of it knew.</summary>
    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "version", "logging", "extensions", "extensionBundle", "functionTimeout", "functions", "concurrency", "retry", "aggregator", "healthMonitor", "singleton",
        "watchDirectories", "watchFiles", "managedDependency", "managedDependencies", "customHandler", "httpWorker", "telemetryMode", "configurationProfile",
        "id", "http", "queues", "serviceBus", "eventHub", "sendGrid", "tracing", "logger", "applicationInsights",
    };

    public static void Apply(IConfiguration configuration, string folder, StartupProblems problems)
    {
        using var document = JsonSettingsFile.Open(Path.Combine(folder, FileName), problems);
        if (document is not null)
        {
            Check(document.RootElement, problems);
            var values = new Dictionary<string, string?>();
            Flatten(Section, document.RootElement, values);
            foreach (var (key, value) in values)
            {
                configuration[key] ??= value;
            }
        }
    }

    /// <summary>What host.json says of every function: <c>extensions.rabbitMQ.prefetchCount</c>, as for Microsoft's extension, and
    /// beside it <c>concurrency</c>, which is ours; and <c>functionTimeout</c>, where -1 is no limit. What it does not say stays
    /// as it is.</summary>
    public static void ApplyTo(HandlerOptions options, IConfiguration configuration, StartupProblems problems)
    {
        options.Prefetch = ReadCount("extensions:rabbitMQ:prefetchCount", options.Prefetch, configuration, problems);
        options.Concurrency = ReadCount("extensions:rabbitMQ:concurrency", options.Concurrency, configuration, problems);
        options.Timeout = ReadTimeout(options.Timeout, configuration, problems);
    }

    /// <summary>Reports invalid log levels and replaces them: the logging library would end the program.</summary>
    public static void CheckLogLevels(IConfiguration configuration, StartupProblems problems)
    {
        foreach (var level in configuration.GetSection($"{Section}:logging").AsEnumerable()
            .Where(entry => entry.Value is { Length: > 0 } && entry.Key.Contains(":logLevel:", StringComparison.OrdinalIgnoreCase)))
        {
            if (!Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _))
            {
                problems.Add($"{level.Key[(Section.Length + 1)..].Replace(':', '.')} in host.json is '{level.Value}'. Write one of: {string.Join(", ", Enum.GetNames<LogLevel>())}.");
                configuration[level.Key] = nameof(LogLevel.Information);
            }
        }
    }

    /// <summary>Reports members that the Functions host refuses or ignores in silence.</summary>
    private static void Check(JsonElement root, StartupProblems problems)
    {
        // A name that does not begin with a letter, such as $schema, is not a setting.
        foreach (var unknown in root.EnumerateObject().Select(member => member.Name).Where(name => !Known.Contains(name) && name is [(>= 'a' and <= 'z') or (>= 'A' and <= 'Z'), ..]))
        {
            if (Known.FirstOrDefault(known => IsLike(known, unknown)) is { } meant)
            {
                problems.Add($"{unknown} in host.json is unknown. Write {meant}, or take it out.");
            }
            else
            {
                problems.Warn($"{unknown} in host.json is unknown and has no effect here."); // A newer Functions host may know it.
            }
        }

        foreach (var version in Members(root, "version").Where(version => version.ToString() != "2.0"))
        {
            problems.Add($"version in host.json is '{version}'. Set it to \"2.0\".");
        }

        foreach (var unknown in Members(root, "extensions").SelectMany(extensions => Members(extensions, "rabbitMQ"))
            .SelectMany(ours => ours.ValueKind == JsonValueKind.Object ? ours.EnumerateObject().Select(member => member.Name) : [])
            .Where(name => !KnownOfExtension.Contains(name)))
        {
            problems.Add($"extensions.rabbitMQ.{unknown} in host.json is unknown. Set prefetchCount or concurrency, or take it out.");
        }
    }

    /// <summary>Whether a name is a known one with a letter or two that are wrong, missing or too many.</summary>
    private static bool IsLike(string known, string name)
    {
        var distances = Enumerable.Range(0, name.Length + 1).ToArray(); // The Levenshtein distances of the known name so far to each prefix of the other.
        foreach (var (row, letter) in known.Index())
        {
            var diagonal = row;
            distances[0] = row + 1;
            for (var column = 0; column < name.Length; column++)
            {
                var replaced = diagonal + (char.ToLowerInvariant(letter) == char.ToLowerInvariant(name[column]) ? 0 : 1);
                diagonal = distances[column + 1];
                distances[column + 1] = Math.Min(replaced, Math.Min(diagonal, distances[column]) + 1);
            }
        }

        return distances[^1] <= (known.Length > 4 ? 2 : 1);
    }

    /// <summary>Configuration is read without regard to case.</summary>
    private static IEnumerable<JsonElement> Members(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object
        ? element.EnumerateObject().Where(member => string.Equals(member.Name, name, StringComparison.OrdinalIgnoreCase)).Select(member => member.Value)
        : [];

    private static int ReadCount(string name, int fallback, IConfiguration configuration, StartupProblems problems)
    {
        if (configuration[$"{Section}:{name}"] is not { Length: > 0 } text)
        {
            return fallback;
        }

        if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0)
        {
            return count;
        }

        problems.Add($"{name.Replace(':', '.')} in host.json is '{text}'. Set it to a whole number from 1 to {ushort.MaxValue}.");
        return fallback;
    }

    private static TimeSpan ReadTimeout(TimeSpan fallback, IConfiguration configuration, StartupProblems problems)
    {
        switch (configuration[$"{Section}:functionTimeout"])
        {
            case null or "":
                return fallback;
            case "-1":
                return Timeout.InfiniteTimeSpan;
            case var text when TimeText.TryRead(text, out var timeout) && timeout > TimeSpan.Zero && timeout <= ErrorPolicy.LongestDelay:
                return timeout;
            case var text:
                problems.Add($"functionTimeout in host.json is '{text}'. Write hours, minutes and seconds, for example \"00:05:00\", or -1 for no limit.");
                return fallback;
        }
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
