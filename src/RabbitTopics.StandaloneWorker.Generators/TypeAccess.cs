using Microsoft.CodeAnalysis;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Says what the emitted code may name. It is a class of its own in the user's assembly, so it sees less than the
/// code at an attribute does.</summary>
internal sealed class TypeAccess(Compilation compilation)
{
    public bool CanUse(ISymbol symbol) =>
        compilation.IsSymbolAccessibleWithin(symbol, compilation.Assembly) && (symbol is not ITypeSymbol type || !IsFileLocal(type));

    private static bool IsFileLocal(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => IsFileLocal(array.ElementType),
        INamedTypeSymbol named => named.IsFileLocal
            || (named.ContainingType is { } outer && IsFileLocal(outer))
            || named.TypeArguments.Any(IsFileLocal),
        _ => false,
    };
}
