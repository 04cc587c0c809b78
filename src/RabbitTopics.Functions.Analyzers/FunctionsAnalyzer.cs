using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Reports at compile time what would otherwise show when the app starts, or never.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class FunctionsAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [.. Rules.All];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        // Functions in generated code count, too, and nobody reviews them.
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.Analyze | GeneratedCodeAnalysisFlags.ReportDiagnostics);
        context.RegisterCompilationStartAction(Start);
    }

    private static void Start(CompilationStartAnalysisContext context)
    {
        if (context.Compilation.GetTypesByMetadataName(Names.Function).IsEmpty)
        {
            return;
        }

        var functions = new ConcurrentBag<Function>();
        context.RegisterSymbolAction(symbol =>
        {
            if (Function.Of((IMethodSymbol)symbol.Symbol) is { } function)
            {
                functions.Add(function);
                Report(function.Check(), symbol.ReportDiagnostic);
            }
        }, SymbolKind.Method);

        // Local functions and lambdas are not methods of a class. Without a diagnostic the function would never run.
        context.RegisterSyntaxNodeAction(node =>
        {
            var symbol = node.Node switch
            {
                LocalFunctionStatementSyntax { AttributeLists.Count: > 0 } local => node.SemanticModel.GetDeclaredSymbol(local, node.CancellationToken),
                LambdaExpressionSyntax { AttributeLists.Count: > 0 } lambda => node.SemanticModel.GetSymbolInfo(lambda, node.CancellationToken).Symbol,
                _ => null,
            };
            Report((symbol is IMethodSymbol method ? Function.Of(method)?.Check() : null) ?? [], node.ReportDiagnostic);
        }, SyntaxKind.LocalFunctionStatement, SyntaxKind.ParenthesizedLambdaExpression);

        context.RegisterCompilationEndAction(end => Report([.. Duplicates(functions), .. SharedQueues(functions)], end.ReportDiagnostic));
    }

    /// <summary>Compares the functions of a compilation: no two may have the same name.</summary>
    private static IEnumerable<Diagnostic> Duplicates(IEnumerable<Function> functions) =>
        from pair in Twins(functions.Where(function => function.Name.Length > 0), function => function.Name.ToUpperInvariant())
        select pair.One.Problem(Rules.DuplicateName, pair.One.Attribute.Place(), pair.One.EntryPoint, pair.Other.EntryPoint);

    /// <summary>Compares their queues: the messages of one would go to its functions in turn. A queue without a subscription is somebody else's,
    /// and the app does not say what is in it.</summary>
    private static IEnumerable<Diagnostic> SharedQueues(IEnumerable<Function> functions) =>
        from pair in Twins(functions.Where(function => function.SubscribedQueue is not null), function => function.SubscribedQueue!.Value.Key)
        let queue = pair.One.SubscribedQueue!.Value
        select pair.One.Problem(Rules.SharedQueue, queue.Trigger.Attribute.Place(), queue.Name, pair.Other.Name);

    /// <summary>Each function that has a key in common with others, and the first of the others.</summary>
    private static IEnumerable<(Function One, Function Other)> Twins(IEnumerable<Function> functions, Func<Function, string> key) =>
        from twins in functions.GroupBy(key, StringComparer.Ordinal)
        let inOrder = twins
            .OrderBy(function => function.EntryPoint, StringComparer.Ordinal)
            .ThenBy(function => function.Method.Place().SourceTree?.FilePath, StringComparer.Ordinal)
            .ThenBy(function => function.Method.Place().SourceSpan)
            .ToArray()
        where inOrder.Length > 1
        from twin in inOrder
        select (twin, inOrder.First(candidate => candidate != twin));

    private static void Report(IEnumerable<Diagnostic> problems, Action<Diagnostic> report)
    {
        foreach (var problem in problems)
        {
            report(problem);
        }
    }
}
