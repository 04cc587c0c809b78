using Microsoft.Extensions.Configuration;

namespace RabbitTopics.Functions.Catalog;

/// <summary>Tells which functions a setting disables: <c>AzureWebJobs.NAME.Disabled</c>, as the Functions host has it; in the
/// environment the dots may be two underscores each.</summary>
public static class DisabledFunctions
{
    /// <summary>The setting of a function.</summary>
    public static string Setting(string function) => $"AzureWebJobs.{function}.Disabled";

    /// <summary>Whether a function is disabled: the setting is <c>true</c> or <c>1</c>.</summary>
    public static bool Contains(IConfiguration configuration, string function)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var setting = Setting(function);
        return (configuration[setting] ?? configuration[setting.Replace('.', ':')]) is { } text && (text == "1" || (bool.TryParse(text, out var flag) && flag));
    }
}
