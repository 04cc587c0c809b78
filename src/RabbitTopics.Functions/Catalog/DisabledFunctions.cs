using Microsoft.Extensions.Configuration;

namespace RabbitTopics.Functions.Catalog;

/// <summary>Tells which functions a setting disables: <c>AzureWebJobs.NAME.Disabled</c>, as the Functions host has it; in the
/// environment the dots may be two underscores each.</summary>
internal static class DisabledFunctions
{
    /// <summary>The setting of a function.</summary>
    public static string Setting(string function) => $"AzureWebJobs.{function}.Disabled";

    /// <summary>Whether a function is disabled: the setting is <c>true</c> or <c>1</c>.</summary>
    public static bool Contains(IConfiguration configuration, string function) =>
        Value(configuration, function) is { } text && (text == "1" || (bool.TryParse(text, out var flag) && flag));

    /// <summary>What is wrong with the setting; null where nothing is.</summary>
    internal static string? Problem(IConfiguration configuration, string function) =>
        Value(configuration, function) is not { Length: > 0 } text || text is "0" or "1" || bool.TryParse(text, out _)
            ? null
            : $"The setting '{Setting(function)}' is '{text}'. Set it to true or false.";

    /// <summary>The settings of functions that are not there.</summary>
    internal static IEnumerable<string> WithoutFunction(IConfiguration configuration, IEnumerable<string> functions)
    {
        var flat = configuration.GetChildren().Select(child => child.Key)
            .Where(key => key.StartsWith("AzureWebJobs.", StringComparison.OrdinalIgnoreCase) && key.EndsWith(".Disabled", StringComparison.OrdinalIgnoreCase));
        var nested = configuration.GetSection("AzureWebJobs").GetChildren().Where(child => child["Disabled"] is not null).Select(child => Setting(child.Key));
        return flat.Concat(nested).Except(functions.Select(Setting), StringComparer.OrdinalIgnoreCase);
    }

    private static string? Value(IConfiguration configuration, string function)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var setting = Setting(function);
        return configuration[setting] ?? configuration[setting.Replace('.', ':')];
    }
}
