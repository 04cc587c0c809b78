using System.Reflection;
using System.Text.RegularExpressions;

namespace RabbitTopics.Tests.MicrosoftApi;

/// <summary>Holds types to a list of Microsoft's API: what they show in Microsoft's namespaces must be on it.</summary>
/// <param name="list">The lines of azure-worker-api.txt.</param>
internal sealed partial class ApiConformance(IEnumerable<string> list)
{
    private readonly ILookup<string, string> _listed = Parse(list).ToLookup(entry => entry.Type, entry => entry.Line);

    /// <summary>The list that Microsoft's packages were read into, version by version.</summary>
    public static ApiConformance ToMicrosoftsPackages()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("azure-worker-api.txt")!;
        using var reader = new StreamReader(stream);
        return new ApiConformance(reader.ReadToEnd().Split('\n'));
    }

    /// <summary>What the visible types among the given ones have that Microsoft's do not, a line for each; empty where there is
    /// nothing.</summary>
    public IReadOnlyList<string> Violations(IEnumerable<Type> types) =>
        [.. types.Where(type => type.IsVisible && !type.IsNested).SelectMany(Violations)];

    private IEnumerable<string> Violations(Type type)
    {
        var name = ApiLines.Name(type);
        if (IsOurs(type))
        {
            return [];
        }

        if (!_listed.Contains(name))
        {
            return [$"{name}: the type is not Microsoft's, and its namespace is not ours"];
        }

        var listed = _listed[name].ToHashSet();
        var header = WithoutWhatTheRuntimeAdds(ApiLines.Header(type));
        return ApiLines.Members(type)
            .Prepend(header)
            .Where(line => !listed.Contains(line))
            .Select(line => $"{name}: {line}");
    }

    private static bool IsOurs(Type type) =>
        type.Namespace is { } space && (space == "RabbitTopics" || space.StartsWith("RabbitTopics.", StringComparison.Ordinal));

    private static IEnumerable<(string Type, string Line)> Parse(IEnumerable<string> lines)
    {
        var type = "";
        foreach (var line in lines.Select(line => line.TrimEnd()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line.StartsWith("  ", StringComparison.Ordinal))
            {
                yield return (type, line[2..]);
                continue;
            }

            type = TypeOfHeader().Match(line).Groups["type"].Value;
            yield return (type, WithoutWhatTheRuntimeAdds(line));
        }
    }

    /// <summary>The interfaces of an enum or a delegate are those that the runtime gives to every one, and may change with
    /// it.</summary>
    private static string WithoutWhatTheRuntimeAdds(string header) =>
        header.StartsWith("enum ", StringComparison.Ordinal) || header.StartsWith("delegate ", StringComparison.Ordinal)
            ? header.Split(" : ")[0]
            : header;

    [GeneratedRegex(@"^(abstract |sealed |static )?(class|struct|interface|enum|delegate) (?<type>.+?)( : |  \[|$)")]
    private static partial Regex TypeOfHeader();
}
