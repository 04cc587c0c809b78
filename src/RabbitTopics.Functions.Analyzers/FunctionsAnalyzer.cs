using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Says of functions, while they are compiled, what would otherwise show when the app starts, or never.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class FunctionsAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
    [
        Rules.DuplicateName, Rules.InvalidName, Rules.NoTrigger, Rules.SeveralTriggers, Rules.NotCallable, Rules.ByReference,
        Rules.UnsupportedBody, Rules.UnsupportedTimer, Rules.ReservedName, Rules.UnboundParameter, Rules.NotConstructible,
        Rules.OutputWithoutResult, Rules.InvalidSchedule, Rules.InvalidSubscription, Rules.InvalidOutput,
        Rules.SubscriptionWithoutTrigger, Rules.IncompleteCollector, Rules.NoEffect, Rules.CollectorsOfOneType, Rules.NoQueue,
        Rules.InvalidBindingName,
    ];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        // A function in generated code is one, and nobody sees its mistakes.
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
                Report(function, symbol.ReportDiagnostic);
            }
        }, SymbolKind.Method);

        context.RegisterSyntaxNodeAction(ReportUncallable, SyntaxKind.LocalFunctionStatement, SyntaxKind.ParenthesizedLambdaExpression);
        context.RegisterCompilationEndAction(end =>
        {
            foreach (var problem in FunctionNames.Duplicates(functions))
            {
                end.ReportDiagnostic(problem);
            }
        });
    }

    /// <summary>Local functions and lambdas are no methods of a class. Silence would mean a function that never runs.</summary>
    private static void ReportUncallable(SyntaxNodeAnalysisContext node)
    {
        var symbol = node.Node switch
        {
            LocalFunctionStatementSyntax { AttributeLists.Count: > 0 } local =>
                node.SemanticModel.GetDeclaredSymbol(local, node.CancellationToken),
            LambdaExpressionSyntax { AttributeLists.Count: > 0 } lambda =>
                node.SemanticModel.GetSymbolInfo(lambda, node.CancellationToken).Symbol,
            _ => null,
        };
        if (symbol is IMethodSymbol method && Function.Of(method) is { } function)
        {
            Report(function, node.ReportDiagnostic);
        }
    }

    private static void Report(Function function, Action<Diagnostic> report)
    {
        foreach (var problem in MethodRules.Check(function).Concat(ParameterRules.Check(function)).Concat(TopicRules.Check(function)))
        {
            report(problem);
        }
    }
}
