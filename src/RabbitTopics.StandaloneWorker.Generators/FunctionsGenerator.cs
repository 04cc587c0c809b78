using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Finds the functions of an assembly while it is compiled and writes what the standalone worker needs to bind and
/// call them, so that it need not look at them by reflection.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class FunctionsGenerator : IIncrementalGenerator
{
    /// <summary>The name of the emitted file.</summary>
    public const string FileName = "Functions.g.cs";

    /// <summary>The name of the step whose value is all that is emitted, for tests of the caching.</summary>
    public const string FunctionsStep = "Functions";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var found = context.SyntaxProvider
            .ForAttributeWithMetadataName(Names.Function, static (_, _) => true, static (function, _) => FunctionParser.Parse(function))
            .Where(static function => function is not null)
            .Select(static (function, _) => function!)
            .Collect();

        // Two outputs: the problems hold places in files, which most edits move, and the code must not be written anew for these.
        context.RegisterSourceOutput(
            found.Select(static (functions, _) => FunctionNames.Problems(functions)),
            static (output, problems) =>
            {
                foreach (var problem in problems)
                {
                    output.ReportDiagnostic(problem.ToDiagnostic());
                }
            });
        context.RegisterSourceOutput(
            found.Select(static (functions, _) => FunctionNames.WithoutProblems(functions)).WithTrackingName(FunctionsStep),
            static (output, functions) =>
            {
                if (functions.Count > 0)
                {
                    output.AddSource(FileName, SourceText.From(FunctionEmitter.Emit(functions), Encoding.UTF8));
                }
            });
    }
}
