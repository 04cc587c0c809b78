using System.Text.RegularExpressions;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Tests.Docs;

/// <summary>Every relative link of every Markdown file leads to a file, and its anchor to a heading.</summary>
public sealed partial class LinkDocsTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_relative_link_leads_somewhere()
    {
        var (checkedLinks, problems) = (0, new List<string>());
        foreach (var page in Page.All)
        {
            foreach (var (line, target) in LinksOf(page))
            {
                checkedLinks++;
                if (Problem(page, target) is { } problem)
                {
                    problems.Add($"{page.Path}:{line}: {target} {problem}");
                }
            }
        }

        output.WriteLine($"{checkedLinks} relative links of {Page.All.Count} pages.");
        Assert.True(problems.Count == 0, string.Join('\n', problems));
        Assert.True(checkedLinks >= 50, $"Only {checkedLinks} links were found.");
    }

    [Fact]
    public void Every_page_of_the_docs_is_in_their_index()
    {
        var linked = LinksOf(Page.Of("docs/README.md")).Select(link => link.Target.Split('#')[0]).ToHashSet();

        foreach (var page in Page.All.Select(page => page.Path)
            .Where(path => path.StartsWith("docs/", StringComparison.Ordinal) && !path.StartsWith("docs/decisions/", StringComparison.Ordinal) && path != "docs/README.md"))
        {
            Assert.Contains(page["docs/".Length..], linked);
        }
    }

    [Theory]
    [InlineData("[a](none.md)", "there is no such file")]
    [InlineData("[a](docs/hosts.md#no-such)", "there is no such heading")]
    [InlineData("[a](#no-such)", "there is no such heading")]
    [InlineData("[a](../outside.md)", "there is no such file")]
    [InlineData("[a](docs/hosts.md#what-differs), [b](#x), [c](https://example.com/none.md), `[d](none.md)`", null)]
    public void What_is_wrong_with_a_link_is_said(string text, string? problem)
    {
        var page = new Page("README.md", ["# x", text]);

        Assert.Equal(problem, LinksOf(page).Select(link => Problem(page, link.Target)).FirstOrDefault(found => found is not null));
    }

    private static IEnumerable<(int Line, string Target)> LinksOf(Page page) =>
        from line in page.Prose().Index()
        from match in Link().Matches(line.Item).Concat(Definition().Matches(line.Item)).Concat(Html().Matches(line.Item))
        let target = match.Groups[1].Value
        where !Scheme().IsMatch(target)
        select (line.Index + 1, target);

    private static string? Problem(Page page, string target)
    {
        var parts = target.Split('#', 2);
        var path = parts[0].Length == 0 ? page.Path : Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(page.Path)!, Uri.UnescapeDataString(parts[0]))));
        var full = Path.Combine(Repository.Root, path);
        if (path.StartsWith("..", StringComparison.Ordinal) || !(File.Exists(full) || Directory.Exists(full)))
        {
            return "there is no such file";
        }

        var known = parts[0].Length == 0 ? page : Page.All.FirstOrDefault(other => other.Path == path.Replace('\\', '/'));
        return parts.Length == 2 && known is not null && !known.Anchors().Contains(Uri.UnescapeDataString(parts[1])) ? "there is no such heading" : null;
    }

    [GeneratedRegex(@"\]\(<?([^)\s>]+)>?(?: ""[^""]*"")?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^\[[^\]]+\]: (\S+)")]
    private static partial Regex Definition();

    [GeneratedRegex("<(?:img|a) [^>]*(?:src|href)=\"([^\"]+)\"")]
    private static partial Regex Html();

    [GeneratedRegex("^[a-z][a-z0-9+.-]*:", RegexOptions.IgnoreCase)]
    private static partial Regex Scheme();
}
