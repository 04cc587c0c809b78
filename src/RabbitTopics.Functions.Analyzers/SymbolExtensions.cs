using Microsoft.CodeAnalysis;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Helpers for symbols.</summary>
internal static class SymbolExtensions
{
    private static readonly SymbolDisplayFormat DottedFormat = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    /// <summary>Namespace and name as metadata has them, with the outer types: <c>System.Collections.Generic.List`1</c>.</summary>
    public static string FullName(this ITypeSymbol type) => type switch
    {
        { ContainingType: { } outer } => $"{outer.OriginalDefinition.FullName()}.{type.MetadataName}",
        { ContainingNamespace: { IsGlobalNamespace: false } space } => $"{space.ToDisplayString(DottedFormat)}.{type.MetadataName}",
        _ => type.MetadataName,
    };

    /// <summary>The name of a type for people: no <c>global::</c>, no escapes, nested types after a dot.</summary>
    public static string DottedName(this ITypeSymbol type) => type.ToDisplayString(DottedFormat);

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

    /// <summary>Whether the type has the full name. The short names are compared first: most types differ there.</summary>
    public static bool Is(this ITypeSymbol type, string fullName) =>
        fullName.EndsWith(type.MetadataName, StringComparison.Ordinal) && type.OriginalDefinition.FullName() == fullName;

    public static bool IsOrDerivesFrom(this ITypeSymbol type, string fullName) => type.WithBaseTypes().Any(candidate => candidate.Is(fullName));

    /// <summary>The attributes of the class.</summary>
    public static IEnumerable<AttributeData> AttributesOf(this ISymbol symbol, string fullName) =>
        symbol.GetAttributes().Where(attribute => attribute.AttributeClass?.Is(fullName) == true);

    public static bool HasAttribute(this ISymbol symbol, string fullName) => symbol.AttributesOf(fullName).Any();

    /// <summary>The type under a nullable value type; any other type itself.</summary>
    public static ITypeSymbol WithoutNullable(this ITypeSymbol type) =>
        type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable ? nullable.TypeArguments[0] : type;

    /// <summary>Whether a value of the type can be neither boxed nor stored.</summary>
    public static bool IsByReference(this ITypeSymbol type) =>
        type.IsRefLikeType || type is IPointerTypeSymbol or IFunctionPointerTypeSymbol;

    /// <summary>Whether an attribute of the symbol does not compile: it might be the one that seems to be missing, and the compiler
    /// has reported it.</summary>
    public static bool HasUnknownAttribute(this ISymbol symbol) =>
        symbol.GetAttributes().Any(attribute => attribute.AttributeClass is null or { TypeKind: TypeKind.Error });

    /// <summary>Where the symbol's name is.</summary>
    public static Location Place(this ISymbol symbol) => symbol.Locations.FirstOrDefault(candidate => candidate.IsInSource) ?? Location.None;

    /// <summary>Where the attribute is.</summary>
    public static Location Place(this AttributeData attribute) =>
        attribute.ApplicationSyntaxReference is { } reference ? Location.Create(reference.SyntaxTree, reference.Span) : Location.None;

    /// <summary>The attribute's name in source: <c>TimerTrigger</c>.</summary>
    public static string ShortName(this AttributeData attribute)
    {
        const string suffix = "Attribute";
        var name = attribute.AttributeClass?.Name ?? "";
        return name.EndsWith(suffix, StringComparison.Ordinal) ? name.Substring(0, name.Length - suffix.Length) : name;
    }

    /// <summary>The text of a constructor's parameter, empty for null; null where it does not compile or there is none.</summary>
    public static string? Text(this AttributeData attribute, string parameter)
    {
        if (attribute.AttributeConstructor is not { } constructor || attribute.ConstructorArguments.Length != constructor.Parameters.Length)
        {
            return null;
        }

        var index = constructor.Parameters.ToList().FindIndex(candidate => candidate.Name == parameter);
        return index >= 0 && attribute.ConstructorArguments[index] is { Kind: not TypedConstantKind.Error } argument
            ? argument.Value as string ?? ""
            : null;
    }

    /// <summary>The number, text or flag of a property that the attribute sets; null where it does not.</summary>
    public static object? Value(this AttributeData attribute, string name) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.Key == name).Value is { Kind: TypedConstantKind.Primitive } value ? value.Value : null;

    /// <summary>The text of a property that the attribute sets; null where it does not.</summary>
    public static string? Property(this AttributeData attribute, string name) => attribute.Value(name) as string;

    /// <summary>Whether the text refers to a setting, whose value is not known yet: <c>%NAME%</c>.</summary>
    public static bool HasSetting(this string text) => text.IndexOf('%') is >= 0 and var first && text.IndexOf('%', first + 1) > first + 1;
}
