using Microsoft.CodeAnalysis;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Questions about symbols.</summary>
internal static class SymbolExtensions
{
    private static readonly SymbolDisplayFormat DottedFormat = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    private static readonly SymbolDisplayFormat AnnotatedFormat =
        SymbolDisplayFormat.FullyQualifiedFormat.AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>Namespace and name as metadata has them, with the outer types: <c>System.Collections.Generic.List`1</c>.</summary>
    public static string FullName(this ITypeSymbol type) => type switch
    {
        { ContainingType: { } outer } => $"{outer.OriginalDefinition.FullName()}.{type.MetadataName}",
        { ContainingNamespace: { IsGlobalNamespace: false } space } => $"{space.ToDisplayString(DottedFormat)}.{type.MetadataName}",
        _ => type.MetadataName,
    };

    /// <summary>The name of a type for people: no <c>global::</c>, no escapes, nested types after a dot.</summary>
    public static string DottedName(this ITypeSymbol type) => type.ToDisplayString(DottedFormat);

    /// <summary>C# for the type where a <c>?</c> after a reference type is not allowed: in <c>typeof</c> and <c>new</c>.</summary>
    public static string ToCode(this ITypeSymbol type) =>
        type.TypeKind == TypeKind.Dynamic ? "object" : type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);

    /// <summary>C# for the type in a cast or as a type argument.</summary>
    public static string ToAnnotatedCode(this ITypeSymbol type) =>
        type.TypeKind == TypeKind.Dynamic ? "object?" : type.ToDisplayString(AnnotatedFormat);

    /// <summary>Whether the type is declared in a namespace or in one below it.</summary>
    public static bool IsIn(this ITypeSymbol type, string rootNamespace)
    {
        var name = type.ContainingNamespace?.ToDisplayString(DottedFormat) ?? "";
        return name == rootNamespace || name.StartsWith(rootNamespace + ".", StringComparison.Ordinal);
    }

    /// <summary>The type and its base classes, itself first.</summary>
    public static IEnumerable<ITypeSymbol> WithBaseTypes(this ITypeSymbol type)
    {
        for (ITypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            yield return current;
        }
    }

    public static bool Is(this ITypeSymbol type, string fullName) => type.OriginalDefinition.FullName() == fullName;

    public static bool IsOrDerivesFrom(this ITypeSymbol type, string fullName) => type.WithBaseTypes().Any(candidate => candidate.Is(fullName));

    public static bool HasAttribute(this ISymbol symbol, string fullName) =>
        symbol.GetAttributes().Any(attribute => attribute.AttributeClass?.Is(fullName) == true);

    /// <summary>The type under a nullable value type; any other type itself.</summary>
    public static ITypeSymbol WithoutNullable(this ITypeSymbol type) =>
        type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable ? nullable.TypeArguments[0] : type;

    public static bool IsReferenceOrNullable(this ITypeSymbol type) =>
        !type.IsValueType || type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T;

    /// <summary>A method or member name as C#: keywords escaped.</summary>
    public static string EscapedName(this ISymbol symbol) => symbol.ToDisplayString(EscapedNameFormat);

    private static readonly SymbolDisplayFormat EscapedNameFormat =
        new(miscellaneousOptions: SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers);
}
