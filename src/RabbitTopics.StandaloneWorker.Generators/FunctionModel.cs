using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>A function, as text: no symbol is kept, so that equal models mean that nothing has to be written again.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="EntryPoint">Namespace, class and method.</param>
/// <param name="AssemblyName">The assembly that holds it.</param>
/// <param name="Attributes">Expressions that make the method's attributes.</param>
/// <param name="Parameters">The parameters.</param>
/// <param name="Outputs">Where the result goes.</param>
/// <param name="CreateInstance">A lambda that makes the object.</param>
/// <param name="Invoke">A lambda that calls the method.</param>
/// <param name="Problems">What is wrong; a function with problems is not written.</param>
/// <param name="Place">Where it stands.</param>
internal sealed record FunctionModel(
    string Name,
    string EntryPoint,
    string AssemblyName,
    EquatableArray<string> Attributes,
    EquatableArray<ParameterModel> Parameters,
    EquatableArray<OutputModel> Outputs,
    string CreateInstance,
    string Invoke,
    EquatableArray<Problem> Problems,
    Place Place);

/// <summary>A parameter, as text.</summary>
internal sealed record ParameterModel(
    string Name, string Type, bool IsReferenceOrNullableType, string? DefaultValue, EquatableArray<string> Attributes, EquatableArray<string> Converters);

/// <summary>An output, as text.</summary>
internal sealed record OutputModel(string Name, EquatableArray<string> Attributes, string Read);

/// <summary>Something wrong with a function.</summary>
internal sealed record Problem(DiagnosticDescriptor Descriptor, Place Place, EquatableArray<string> Arguments)
{
    public Diagnostic ToDiagnostic() => Diagnostic.Create(Descriptor, Place.ToLocation(), [.. Arguments]);
}

/// <summary>A place in a source file.</summary>
internal sealed record Place(string Path, TextSpan Span, LinePositionSpan Lines)
{
    public static Place Of(ISymbol symbol)
    {
        var location = symbol.Locations[0];
        return new Place(location.SourceTree?.FilePath ?? "", location.SourceSpan, location.GetLineSpan().Span);
    }

    public Location ToLocation() => Location.Create(Path, Span, Lines);
}
