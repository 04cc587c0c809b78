using System.Collections.Immutable;
using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using RabbitTopics.Functions.Analyzers;
using RabbitTopics.TestSupport;

namespace RabbitTopics.Tests.Docs;

/// <summary>Every C# block of README and docs compiles, and the analyzer says nothing of it. A block is a file, members of a class, or
/// statements of an asynchronous method that has a <c>builder</c>, a <c>publisher</c> and a <c>cancellationToken</c>. The usings of the
/// page's first block hold for the others, beside the implicit ones, and the types of the blocks before. A comment on the line before a block says what is special about it:
/// <c>&lt;!-- csharp: not compiled, REASON --&gt;</c> or <c>&lt;!-- csharp: with FILE --&gt;</c>.</summary>
public sealed class CodeDocsTests(ITestOutputHelper output)
{
    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.CSharp14);

    private static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => path.EndsWith(".dll", StringComparison.Ordinal)).Select(path => MetadataReference.CreateFromFile(path)),
    ];

    /// <summary>What ImplicitUsings gives a console program.</summary>
    private static readonly string[] ImplicitUsings =
        ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks"];

    [Fact]
    public async Task Every_block_of_code_compiles()
    {
        var pages = Page.All.Where(page => page.Path.StartsWith("README", StringComparison.Ordinal) || page.Path.StartsWith("docs/", StringComparison.Ordinal)).ToArray();
        var (compiled, skipped, problems) = (0, new List<CodeBlock>(), new List<string>());
        foreach (var page in pages)
        {
            var earlier = new List<CodeBlock>();
            foreach (var block in page.CodeBlocks())
            {
                if (block.Mark == "not compiled")
                {
                    Assert.True(block.Argument.Length > 10, $"{block} is not compiled. Say why in the comment before it.");
                    skipped.Add(block);
                    continue;
                }

                problems.AddRange(await ProblemsAsync(block, earlier));
                compiled++;
                earlier.Add(block);
            }
        }

        output.WriteLine($"{compiled} blocks of {pages.Length} pages compiled; not compiled: {string.Join(", ", skipped.Select(block => $"{block} ({block.Argument})"))}.");
        Assert.True(problems.Count == 0, string.Join('\n', problems));
        Assert.True(compiled >= 20, $"Only {compiled} blocks were found.");
    }

    [Theory]
    [InlineData("var count = 1;\nvar other = undeclared;", "docs/page.md:6: CS0103")]
    [InlineData("public int Count => \"text\";", "docs/page.md:5: CS0029")]
    [InlineData("[Function(\"F\")]\npublic void Run([RabbitMQTrigger(\"q\")] string body)\n{\n}", "docs/page.md:6: RTF010")]
    public async Task What_is_wrong_is_said_with_its_page_and_line(string code, string problem) =>
        Assert.StartsWith(problem, Assert.Single(await ProblemsAsync(Block($"# Page\n\ntext\n```csharp\n{code}\n```"), [Block("```csharp\nusing Microsoft.Azure.Functions.Worker;\n```")])), StringComparison.Ordinal);

    private static CodeBlock Block(string page) => new Page("docs/page.md", page.Split('\n')).CodeBlocks().Single();

    /// <summary>What the compiler says of a block in the shape that it finds least wrong, and if nothing, what the analyzer says.</summary>
    private static async Task<IReadOnlyList<string>> ProblemsAsync(CodeBlock block, IReadOnlyList<CodeBlock> earlier)
    {
        IReadOnlyList<string>? fewest = null;
        foreach (var shape in Enum.GetValues<Shape>())
        {
            var compilation = Compile(block, earlier, shape);
            var problems = Texts(block, compilation.GetDiagnostics(TestContext.Current.CancellationToken));
            if (problems.Count == 0)
            {
                return Texts(block, await compilation.WithAnalyzers([new FunctionsAnalyzer()]).GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken), DiagnosticSeverity.Warning);
            }

            fewest = fewest is null || problems.Count < fewest.Count ? problems : fewest;
        }

        return fewest!;
    }

    private enum Shape
    {
        File,
        Members,
        Statements,
    }

    private static CSharpCompilation Compile(CodeBlock block, IReadOnlyList<CodeBlock> earlier, Shape shape)
    {
        var file = SyntaxFactory.ParseCompilationUnit(block.Text, options: Parsing);
        var usings = file.Usings.Count == 0 ? "" : block.Text[..file.Usings.FullSpan.End];
        var rest = block.Text[usings.Length..];
        var before = shape switch
        {
            Shape.File => "",
            Shape.Members => "public class Wrapped {",
            _ => "public static class Wrapped { public static async Task RunAsync(Microsoft.Azure.Functions.Worker.Builder.FunctionsApplicationBuilder builder, "
                + "RabbitTopics.ITopicPublisher publisher, CancellationToken cancellationToken) {",
        };
        var after = shape switch { Shape.File => "", Shape.Members => "}", _ => "}}" };
        var source = $"#line {block.Line} \"{block.Page.Path}\"\n{usings}\n{before}\n#line {block.Line + usings.Count(letter => letter == '\n')} \"{block.Page.Path}\"\n{rest}\n{after}";
        var trees = new List<SyntaxTree> { CSharpSyntaxTree.ParseText(source, Parsing, path: block.Page.Path) };

        var known = earlier.Select(other => SyntaxFactory.ParseCompilationUnit(other.Text, options: Parsing)).ToArray();
        var globals = ImplicitUsings.Concat(known.Take(1).SelectMany(opening => opening.Usings).Select(use => use.Name!.ToString()));
        trees.AddRange(known.SelectMany(other => other.Members.OfType<BaseTypeDeclarationSyntax>()).Reverse().DistinctBy(type => type.Identifier.Text)
            .ExceptBy(TypesIn(file), type => type.Identifier.Text).Select(type => CSharpSyntaxTree.ParseText(type.ToFullString(), Parsing)));

        if (block.Mark == "with")
        {
            trees.Add(CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(Repository.Root, block.Argument)), Parsing));
        }

        trees.Add(CSharpSyntaxTree.ParseText(string.Concat(globals.Distinct().Select(name => $"global using {name};\n")), Parsing));
        var kind = shape == Shape.File && file.Members.OfType<GlobalStatementSyntax>().Any() ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary;
        return CSharpCompilation.Create("Documented", trees, References, new CSharpCompilationOptions(kind, nullableContextOptions: NullableContextOptions.Enable));
    }

    private static IEnumerable<string> TypesIn(CompilationUnitSyntax file) => file.DescendantNodes().OfType<BaseTypeDeclarationSyntax>().Select(type => type.Identifier.Text);

    private static IReadOnlyList<string> Texts(CodeBlock block, IEnumerable<Diagnostic> diagnostics, DiagnosticSeverity least = DiagnosticSeverity.Error) =>
    [
        .. from diagnostic in diagnostics
        let place = diagnostic.Location.GetMappedLineSpan()
        where diagnostic.Severity >= least && (place.Path == block.Page.Path || diagnostic.Location.SourceTree is null) // What is wrong with an earlier block was said of that one.
        let line = place.Path == block.Page.Path ? place.StartLinePosition.Line + 1 : block.Line
        select $"{block.Page.Path}:{line}: {diagnostic.Id} {diagnostic.GetMessage(CultureInfo.InvariantCulture)}",
    ];
}
