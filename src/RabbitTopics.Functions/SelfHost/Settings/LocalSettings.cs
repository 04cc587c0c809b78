using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using RabbitTopics.Startup;

namespace RabbitTopics.Functions.SelfHost.Settings;

/// <summary>Makes the "Values" of local.settings.json environment variables, as Functions Core Tools does, and settings; a variable
/// that is set already wins.</summary>
internal static class LocalSettings
{
    public const string FileName = "local.settings.json";

    public static void Apply(IConfiguration configuration, string folder, StartupProblems problems)
    {
        var path = Path.Combine(folder, FileName);
        using var document = JsonSettingsFile.Open(path, problems);
        if (document is null)
        {
            return;
        }

        if (Member("Values") is not { } values)
        {
            foreach (var name in document.RootElement.EnumerateObject().Select(member => member.Name).Where(name => Spelling.IsLike("Values", name)))
            {
                problems.Add($"\"{name}\" in {path} is unknown. Write \"Values\".");
            }

            return;
        }

        if (Member("IsEncrypted") is { ValueKind: JsonValueKind.True })
        {
            problems.Add($"{path} is encrypted. Decrypt it with 'func settings decrypt'.");
            return;
        }

        if (values.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"\"Values\" in {path} is not a JSON object. Write it as {{ \"NAME\": \"VALUE\" }}.");
            return;
        }

        foreach (var value in values.EnumerateObject())
        {
            if (value.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            {
                problems.Add($"\"Values\" in {path}: '{value.Name}' is not a single value. Settings in it are not nested.");
            }
            else if (Environment.GetEnvironmentVariable(value.Name) is null)
            {
                Environment.SetEnvironmentVariable(value.Name, value.Value.ToString());
            }
        }

        // It was read before. What comes after it in the configuration still wins, as in a Functions host.
        foreach (var provider in (configuration as IConfigurationRoot)?.Providers.OfType<EnvironmentVariablesConfigurationProvider>() ?? [])
        {
            provider.Load();
        }

        // Functions Core Tools reads the names in any case.
        JsonElement? Member(string name) => document.RootElement.EnumerateObject()
            .Where(member => member.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(member => (JsonElement?)member.Value).FirstOrDefault();
    }
}
