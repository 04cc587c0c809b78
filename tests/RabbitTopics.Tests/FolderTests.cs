using System.Text.RegularExpressions;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Tests;

/// <summary>The folders of a project stand in layers: what a folder is made of never leads back to it. What users write against stands at the
/// root and may name anything.</summary>
public sealed partial class FolderTests
{
    [Theory]
    [InlineData("RabbitTopics")]
    [InlineData("RabbitTopics.Functions")]
    public void No_namespace_depends_on_itself_by_way_of_others(string project)
    {
        var files = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", project), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(file => Comment().Replace(File.ReadAllText(file), ""))
            .Select(text => (Namespace: Namespace().Match(text).Groups[1].Value, Text: text))
            .Where(file => file.Namespace.StartsWith($"{project}.", StringComparison.Ordinal)).ToList();
        var homes = files.SelectMany(file => Declaration().Matches(file.Text).Select(type => (Name: type.Groups[1].Value, file.Namespace)))
            .ToLookup(type => type.Name, type => type.Namespace);
        Assert.True(homes.Count > 20, $"Only {homes.Count} types were found.");
        var edges = files.SelectMany(file => Word().Matches(file.Text).SelectMany(word => homes[word.Value]).Where(other => other != file.Namespace)
            .Select(other => (From: file.Namespace, To: other))).Distinct().ToLookup(edge => edge.From, edge => edge.To);

        foreach (var start in edges.Select(edge => edge.Key))
        {
            Assert.True(WayBack(start, start, []) is not { } way, $"{start} -> {string.Join(" -> ", WayBack(start, start, []) ?? [])}");
        }

        IReadOnlyList<string>? WayBack(string from, string to, HashSet<string> seen) => edges[from]
            .Select(next => next == to ? [next] : seen.Add(next) && WayBack(next, to, seen) is { } rest ? (IReadOnlyList<string>)[next, .. rest] : null)
            .FirstOrDefault(way => way is not null);
    }

    [GeneratedRegex("//.*|\"[^\"\n]*\"")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^(?:public|internal) (?:[a-z]+ )*(?:class|record|struct|interface|enum|delegate) (?:struct )?(\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"(?<![.\w])[A-Z]\w+")]
    private static partial Regex Word();
}
