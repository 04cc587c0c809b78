using System.Text;
using System.Text.RegularExpressions;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Tests.Docs;

/// <summary>A Markdown file of the repository.</summary>
/// <param name="Path">Its path from the root.</param>
/// <param name="Lines">Its lines.</param>
internal sealed partial record Page(string Path, IReadOnlyList<string> Lines)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Page> All { get; } = [.. Files(Repository.Root).Order(StringComparer.Ordinal).Select(Read)];

    /// <summary>One of them.</summary>
    public static Page Of(string path) => All.Single(page => page.Path == path);

    /// <summary>The C# blocks of the page, each with its line and the comment before it.</summary>
    public IEnumerable<CodeBlock> CodeBlocks()
    {
        for (var index = 0; index < Lines.Count; index++)
        {
            if (Lines[index].TrimStart() is "```csharp" or "```cs")
            {
                var end = index + 1;
                while (Lines[end].TrimStart() != "```")
                {
                    end++;
                }

                var mark = index > 0 ? Mark().Match(Lines[index - 1]) : Match.Empty;
                yield return new CodeBlock(this, index + 2, string.Join('\n', Lines.Skip(index + 1).Take(end - index - 1)), mark.Groups[1].Value, mark.Groups[2].Value);
                index = end;
            }
        }
    }

    /// <summary>The lines without code, blocks and spans of it emptied, so that the numbers stay.</summary>
    public IReadOnlyList<string> Prose()
    {
        var prose = new List<string>();
        var isCode = false;
        foreach (var line in Lines)
        {
            var isFence = line.TrimStart().StartsWith("```", StringComparison.Ordinal);
            isCode ^= isFence;
            prose.Add(isCode || isFence || line.StartsWith("    ", StringComparison.Ordinal) ? "" : Span().Replace(line, span => span.Groups[1].Value + new string('x', 3) + span.Groups[1].Value));
        }

        return prose;
    }

    /// <summary>The anchors that GitHub makes: of headings, and those that are written.</summary>
    public IReadOnlySet<string> Anchors()
    {
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        var isCode = false;
        foreach (var line in Lines)
        {
            isCode ^= line.StartsWith("```", StringComparison.Ordinal);
            if (!isCode && Heading().Match(line) is { Success: true } heading)
            {
                var slug = Slug(heading.Groups[1].Value);
                for (var (unique, number) = (slug, 1); !anchors.Add(unique); number++)
                {
                    unique = $"{slug}-{number}";
                }
            }

            anchors.UnionWith(Written().Matches(line).Select(written => written.Groups[1].Value));
        }

        return anchors;
    }

    /// <summary>The lines of the section with a heading, up to the next heading.</summary>
    public IReadOnlyList<string> Section(string heading)
    {
        var start = Lines.ToList().FindIndex(line => Heading().Match(line) is { Success: true } match && match.Groups[1].Value.Trim().Trim('`') == heading);
        Assert.True(start >= 0, $"{Path} has no heading '{heading}'.");
        return [.. Lines.Skip(start + 1).TakeWhile(line => !Heading().IsMatch(line))];
    }

    /// <summary>What GitHub makes of a heading: links and code as their text, in lower case, punctuation left out, spaces as hyphens.</summary>
    private static string Slug(string heading)
    {
        var slug = new StringBuilder();
        foreach (var letter in Link().Replace(heading, "$1").Trim().ToLowerInvariant())
        {
            slug.Append(letter == ' ' ? "-" : char.IsLetterOrDigit(letter) || letter is '-' or '_' ? letter.ToString() : "");
        }

        return slug.ToString();
    }

    private static Page Read(string file) =>
        new(System.IO.Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'), File.ReadAllText(file).ReplaceLineEndings("\n").Split('\n'));

    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(folder, "*.md")
        .Concat(Directory.EnumerateDirectories(folder)
            .Where(child => System.IO.Path.GetFileName(child) is not ("bin" or "obj" or "node_modules" or "TestResults") && !System.IO.Path.GetFileName(child).StartsWith('.'))
            .SelectMany(Files));

    [GeneratedRegex("^<!-- csharp: (not compiled|with) ?,? ?(.*) -->$")]
    private static partial Regex Mark();

    [GeneratedRegex("(`+)[^`]+\\1")]
    private static partial Regex Span();

    [GeneratedRegex("^#{1,6} (.+)$")]
    private static partial Regex Heading();

    [GeneratedRegex("<a (?:id|name)=\"([^\"]+)\"")]
    private static partial Regex Written();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Link();
}

/// <summary>A C# block of a page.</summary>
/// <param name="Page">The page.</param>
/// <param name="Line">The line of its first line of code, from 1.</param>
/// <param name="Text">The code.</param>
/// <param name="Mark">What the comment before it says: <c>not compiled</c>, <c>with</c>, or nothing.</param>
/// <param name="Argument">Why it is not compiled, or the file that it is compiled with.</param>
internal sealed record CodeBlock(Page Page, int Line, string Text, string Mark, string Argument)
{
    public override string ToString() => $"{Page.Path}:{Line}";
}
