using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using RabbitTopics.Functions;
using RabbitTopics.Functions.Analyzers;

namespace RabbitTopics.Tests.Analyzers;

/// <summary>Source text, compiled with the analyzer.</summary>
/// <param name="Findings">What the analyzer said, in the order of the places.</param>
/// <param name="CompilerErrors">What the compiler said.</param>
internal sealed record Analyzed(IReadOnlyList<Finding> Findings, IReadOnlyList<Diagnostic> CompilerErrors)
{
    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.CSharp14);

    private static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Append(typeof(FunctionAttribute).Assembly.Location)
            .Append(typeof(TimerTriggerAttribute).Assembly.Location)
            .Append(typeof(RabbitMQTriggerAttribute).Assembly.Location)
            .Append(typeof(TopicSubscriptionAttribute).Assembly.Location)
            .Where(path => path.EndsWith(".dll", StringComparison.Ordinal))
            .Distinct()
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Microsoft.Azure.Functions.Worker;
        global using Microsoft.Azure.Functions.Worker.Converters;
        global using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
        global using RabbitTopics.Functions;
        global using RabbitTopics;
        """;

    /// <summary>What is said of source that compiles.</summary>
    public static async Task<IReadOnlyList<Finding>> FindingsAsync(params string[] sources)
    {
        var analyzed = await FromAsync(sources);
        Assert.Empty(analyzed.CompilerErrors);
        return analyzed.Findings;
    }

    public static async Task<Analyzed> FromAsync(params string[] sources)
    {
        var compilation = CSharpCompilation.Create(
            "Analyzed",
            [.. sources.Prepend(Usings).Select(source => CSharpSyntaxTree.ParseText(source, Parsing))],
            References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
        var token = TestContext.Current.CancellationToken;
        var failures = new List<string>();
        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([]), (exception, _, _) => failures.Add(exception.ToString()), concurrentAnalysis: true, logAnalyzerExecutionTime: false);
        var diagnostics = await compilation.WithAnalyzers([new FunctionsAnalyzer()], options).GetAnalyzerDiagnosticsAsync(token);

        Assert.Empty(failures);
        return new Analyzed(
            [.. diagnostics.OrderBy(diagnostic => diagnostic.Location.SourceSpan).Select(Finding.From)],
            [.. compilation.GetDiagnostics(token).Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)]);
    }
}

/// <summary>What the analyzer said of a place.</summary>
/// <param name="Id">The rule.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Place">The source there.</param>
/// <param name="Message">The text.</param>
internal sealed record Finding(string Id, DiagnosticSeverity Severity, string Place, string Message)
{
    public static Finding From(Diagnostic diagnostic) => new(
        diagnostic.Id,
        diagnostic.Severity,
        diagnostic.Location.SourceTree?.ToString().Substring(diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.Length) ?? "",
        diagnostic.GetMessage(CultureInfo.InvariantCulture));
}
