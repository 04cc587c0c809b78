using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using RabbitTopics.Startup;

namespace RabbitTopics.Functions.SelfHost.Settings;

/// <summary>Reads host.json into the configuration below <c>AzureFunctionsJobHost</c>, where the Functions host has it too: what is
/// there already, as from an environment variable <c>AzureFunctionsJobHost__extensions__rabbitMQ__prefetchCount</c>, wins.</summary>
internal static class HostJson
{
    public const string FileName = "host.json";
    public const string Section = "AzureFunctionsJobHost";

    /// <summary>Where the Functions host, too, is told the app's folder.</summary>
    public const string FolderVariable = "AzureWebJobsScriptRoot";

    /// <summary>Where a setting may be, for messages.</summary>
    private const string Place = $"{FileName} (or a variable {Section}__…)";

    private static readonly HashSet<string> KnownOfExtension = new(StringComparer.OrdinalIgnoreCase) { "prefetchCount", "concurrency" };

    /// <summary>What our extension reads there in a Functions host.</summary>
    private static readonly HashSet<string> OfOurExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        "partitionKey", "timeout", "longRunningAfter", "autoAck", "onError", "retryDelays", "maxAttempts", "maxRedeliveries", "messagesPerInstance",
    };

    /// <summary>What else Microsoft's extension reads there.</summary>
    private static readonly HashSet<string> OfMicrosoftsExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        "connectionString", "queueName", "hostName", "userName", "password", "port", "disableCertificateValidation",
    };

    /// <summary>What the Functions host knows (azure-functions-host, HostJsonFileConfigurationSource; functions-host-json of its docs; the
    /// later telemetryMode and configurationProfile), and what version 1 of it knew.</summary>
    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "version", "logging", "extensions", "extensionBundle", "functionTimeout", "functions", "concurrency", "retry", "aggregator", "healthMonitor", "singleton",
        "watchDirectories", "watchFiles", "managedDependency", "managedDependencies", "customHandler", "httpWorker", "telemetryMode", "configurationProfile",
        "id", "http", "queues", "serviceBus", "eventHub", "sendGrid", "tracing", "logger", "applicationInsights",
    };

    /// <summary>The folder that the file is in: as it is told, or the program's.</summary>
    public static string Folder(IConfiguration configuration) => configuration[FolderVariable] is { Length: > 0 } root ? root : AppContext.BaseDirectory;

    public static void Apply(IConfiguration configuration, string folder, StartupProblems problems)
    {
        Load(configuration, folder, problems);
        Check(configuration.GetSection(Section), problems);
    }

    /// <summary>Reads the file alone.</summary>
    public static void Load(IConfiguration configuration, string folder, StartupProblems problems)
    {
        using var document = JsonSettingsFile.Open(Path.Combine(folder, FileName), problems);
        if (document is not null)
        {
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
        ApplyCounts(options, configuration, problems);
        options.Timeout = ReadTimeout(options.Timeout, configuration, problems);
    }

    /// <summary>The same without the timeout, which in a Functions host is the host's own.</summary>
    public static void ApplyCounts(HandlerOptions options, IConfiguration configuration, StartupProblems problems)
    {
        options.Prefetch = ReadCount("extensions:rabbitMQ:prefetchCount", options.Prefetch, configuration, problems);
        options.Concurrency = ReadCount("extensions:rabbitMQ:concurrency", options.Concurrency, configuration, problems);
    }

    /// <summary>Reports invalid log levels and replaces them: the logging library would end the program.</summary>
    public static void CheckLogLevels(IConfiguration configuration, StartupProblems problems)
    {
        foreach (var level in configuration.GetSection($"{Section}:logging").AsEnumerable()
            .Where(entry => entry.Value is { Length: > 0 } && entry.Key.Contains(":logLevel:", StringComparison.OrdinalIgnoreCase)))
        {
            if (!Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _))
            {
                problems.Add($"{level.Key[(Section.Length + 1)..].Replace(':', '.')} in {Place} is '{level.Value}'. Write one of: {string.Join(", ", Enum.GetNames<LogLevel>())}.");
                configuration[level.Key] = nameof(LogLevel.Information);
            }
        }
    }

    /// <summary>Reports names and values that the Functions host refuses or ignores in silence, whether host.json has them or the environment.</summary>
    private static void Check(IConfigurationSection settings, StartupProblems problems)
    {
        // A name that does not begin with a letter, such as $schema, is not a setting.
        foreach (var unknown in Names(settings).Where(name => !Known.Contains(name) && name is [(>= 'a' and <= 'z') or (>= 'A' and <= 'Z'), ..]))
        {
            if (Known.FirstOrDefault(known => Spelling.IsLike(known, unknown)) is { } meant)
            {
                Misspelt(unknown, meant);
            }
            else
            {
                problems.Warn($"{unknown} in {Place} is unknown and has no effect here."); // A newer Functions host may know it.
            }
        }

        if (settings["version"] is { } version && version != "2.0")
        {
            problems.Add($"version in {Place} is '{version}'. Set it to \"2.0\".");
        }

        CheckSpelling("extensions", "rabbitMQ");
        CheckSpelling("logging", "logLevel");
        foreach (var unknown in Names(settings.GetSection("extensions:rabbitMQ")).Where(name => !KnownOfExtension.Contains(name)))
        {
            if (OfMicrosoftsExtension.Contains(unknown))
            {
                problems.Warn($"extensions.rabbitMQ.{unknown} in {Place} has no effect where the app hosts itself. Set it at the triggers and outputs, by ConnectionStringSetting or HostName.");
            }
            else if (OfOurExtension.Contains(unknown))
            {
                problems.Warn($"extensions.rabbitMQ.{unknown} in {Place} has no effect where the app hosts itself; it is for functions of a Functions host that say nothing of it.");
            }
            else
            {
                problems.Add($"extensions.rabbitMQ.{unknown} in {Place} is unknown. Set prefetchCount or concurrency, or take it out.");
            }
        }

        static IEnumerable<string> Names(IConfigurationSection section) => section.GetChildren().Select(child => child.Key);

        void CheckSpelling(string section, string known)
        {
            foreach (var name in Names(settings.GetSection(section)).Where(name => !name.Equals(known, StringComparison.OrdinalIgnoreCase) && Spelling.IsLike(known, name)))
            {
                Misspelt($"{section}.{name}", $"{section}.{known}");
            }
        }

        void Misspelt(string name, string meant) => problems.Add($"{name} in {Place} is unknown. Write {meant}, or take it out.");
    }

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

        problems.Add($"{name.Replace(':', '.')} in {Place} is '{text}'. Set it to a whole number from 1 to {ushort.MaxValue}.");
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
                problems.Add($"functionTimeout in {Place} is '{text}'. Write hours, minutes and seconds, for example \"00:05:00\", or -1 for no limit.");
                return fallback;
        }
    }

    private static void Flatten(string path, JsonElement element, Dictionary<string, string?> values)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object when element.EnumerateObject().Any():
                foreach (var property in element.EnumerateObject())
                {
                    Flatten(ConfigurationPath.Combine(path, property.Name), property.Value, values);
                }

                break;

            case JsonValueKind.Array when element.GetArrayLength() > 0:
                foreach (var (index, item) in element.EnumerateArray().Index())
                {
                    Flatten(ConfigurationPath.Combine(path, index.ToString(CultureInfo.InvariantCulture)), item, values);
                }

                break;

            default:
                values[path] = element.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? null : element.ToString();
                break;
        }
    }
}
