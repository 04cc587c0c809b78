using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Finds the methods with <c>[Function]</c> and writes a descriptor for each, so that the standalone worker needs no
/// reflection. What is wrong with a function is an error of the compilation.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class FunctionsGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var functions = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                KnownTypes.Function,
                static (node, _) => node is MethodDeclarationSyntax,
                static (found, _) => FunctionParser.Parse((IMethodSymbol)found.TargetSymbol, found.Attributes[0]))
            .WithTrackingName("Functions");

        context.RegisterSourceOutput(functions.Collect().WithTrackingName("AllFunctions"), static (output, all) => Write(output, all));
    }

    private static void Write(SourceProductionContext output, ImmutableArray<FunctionModel> all)
    {
        foreach (var problem in all.SelectMany(function => function.Problems))
        {
            output.ReportDiagnostic(problem.ToDiagnostic());
        }

        var good = new List<FunctionModel>();
        foreach (var sameName in all.GroupBy(function => function.Name, StringComparer.OrdinalIgnoreCase))
        {
            if (sameName.Count() > 1)
            {
                var methods = string.Join(" and ", sameName.Select(function => function.EntryPoint));
                foreach (var function in sameName)
                {
                    output.ReportDiagnostic(new Problem(Diagnostics.DuplicateName, function.Place, [function.Name, methods]).ToDiagnostic());
                }
            }
            else
            {
                good.AddRange(sameName.Where(function => function.Problems.Count == 0));
            }
        }

        if (good.Count > 0)
        {
            output.AddSource("Functions.g.cs", FunctionEmitter.Write(good));
        }
    }
}
