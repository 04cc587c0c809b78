using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Writes symbols as C#.</summary>
internal static class CodeText
{
    private static readonly SymbolDisplayFormat WithoutNullability =
        SymbolDisplayFormat.FullyQualifiedFormat.RemoveMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    public static string Type(ITypeSymbol type) => type.ToDisplayString(WithoutNullability);

    public static string Text(string text) => SymbolDisplay.FormatLiteral(text, quote: true);

    public static string Identifier(string name) => SyntaxFacts.GetKeywordKind(name) == SyntaxKind.None ? name : $"@{name}";

    /// <summary>An expression that makes an attribute anew.</summary>
    public static string New(AttributeData attribute)
    {
        var arguments = string.Join(", ", attribute.ConstructorArguments.Select(Constant));
        var properties = attribute.NamedArguments.Length == 0
            ? ""
            : $" {{ {string.Join(", ", attribute.NamedArguments.Select(named => $"{Identifier(named.Key)} = {Constant(named.Value)}"))} }}";
        return $"new {Type(attribute.AttributeClass!)}({arguments}){properties}";
    }

    public static string Constant(TypedConstant constant) => constant.Kind switch
    {
        _ when constant.IsNull => constant.Type is null ? "null" : $"({Type(constant.Type)})null!",
        TypedConstantKind.Type => $"typeof({Type((ITypeSymbol)constant.Value!)})",
        TypedConstantKind.Array => $"new {Type(constant.Type!)} {{ {string.Join(", ", constant.Values.Select(Constant))} }}",
        _ => Value(constant.Value, constant.Type!),
    };

    /// <summary>A constant of a type, null among them.</summary>
    public static string Value(object? value, ITypeSymbol type) => value switch
    {
        null => $"default({Type(type)})",
        string text => Text(text),
        _ when type.TypeKind == TypeKind.Enum => $"({Type(type)})({SymbolDisplay.FormatPrimitive(value, quoteStrings: true, useHexadecimalNumbers: false)})",
        double number => Floating(number, number.ToString("R", System.Globalization.CultureInfo.InvariantCulture), "double", "D"),
        float number => Floating(number, number.ToString("R", System.Globalization.CultureInfo.InvariantCulture), "float", "F"),
        decimal number => $"{number.ToString(System.Globalization.CultureInfo.InvariantCulture)}M",
        _ => $"({Type(type)})({SymbolDisplay.FormatPrimitive(value, quoteStrings: true, useHexadecimalNumbers: false)})",
    };

    private static string Floating(double value, string text, string type, string suffix) =>
        double.IsNaN(value) ? $"{type}.NaN"
        : double.IsPositiveInfinity(value) ? $"{type}.PositiveInfinity"
        : double.IsNegativeInfinity(value) ? $"{type}.NegativeInfinity"
        : $"{text}{suffix}";
}
