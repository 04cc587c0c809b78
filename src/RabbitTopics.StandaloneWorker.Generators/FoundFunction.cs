using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>What a <c>[Function]</c> in the source turned out to be.</summary>
/// <param name="Name">The name given to it.</param>
/// <param name="EntryPoint">Namespace, class and method.</param>
/// <param name="Location">Where the method is.</param>
/// <param name="Model">What to emit; null where there are problems.</param>
/// <param name="Problems">What is wrong with it.</param>
internal sealed record FoundFunction(
    string Name, string EntryPoint, SourceLocation? Location, FunctionModel? Model, EquatableArray<Problem> Problems);

/// <summary>A diagnostic to report.</summary>
/// <param name="Rule">The rule that is broken.</param>
/// <param name="Location">Where.</param>
/// <param name="Arguments">What the rule's message names, the function first.</param>
internal sealed record Problem(DiagnosticDescriptor Rule, SourceLocation? Location, EquatableArray<string> Arguments)
{
    public Diagnostic ToDiagnostic() => Diagnostic.Create(Rule, Location?.ToLocation() ?? Microsoft.CodeAnalysis.Location.None, [.. Arguments]);
}

/// <summary>A place in a file. Unlike a <see cref="Location"/> it holds no syntax tree.</summary>
internal sealed record SourceLocation(string Path, TextSpan Span, LinePositionSpan Lines)
{
    public static SourceLocation? From(ISymbol symbol)
    {
        var location = symbol.Locations.FirstOrDefault(candidate => candidate.IsInSource);
        return location is null ? null : new SourceLocation(location.SourceTree!.FilePath, location.SourceSpan, location.GetLineSpan().Span);
    }

    public Location ToLocation() => Location.Create(Path, Span, Lines);
}
