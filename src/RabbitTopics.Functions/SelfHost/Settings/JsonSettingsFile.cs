using System.Text.Json;
using RabbitTopics.Startup;

namespace RabbitTopics.Functions.SelfHost.Settings;

/// <summary>Opens the JSON files of a function app, which may hold comments and trailing commas.</summary>
internal static class JsonSettingsFile
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The file's content; null where there is no file, or where it is not a JSON object, which is noted as a
    /// problem.</summary>
    public static JsonDocument? Open(string path, StartupProblems problems)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var document = JsonDocument.Parse(File.ReadAllBytes(path), Lenient);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            problems.Add($"{path} does not hold a JSON object. Write it as {{ ... }}.");
        }
        catch (JsonException exception)
        {
            // Not the parser's message: it can quote the file, and local.settings.json holds secrets.
            problems.Add($"{path} is not JSON: see line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1} of that line. Correct or remove the file.");
        }

        return null;
    }
}
