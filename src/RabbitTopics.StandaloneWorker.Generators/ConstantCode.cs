using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Writes constants as C#.</summary>
internal static class ConstantCode
{
    /// <summary>An argument of an attribute; null if it needs a type that the emitted code cannot name.</summary>
    public static string? OfArgument(TypedConstant constant, TypeAccess access)
    {
        if (constant.Type is not { TypeKind: not TypeKind.Error } type || !access.CanUse(type))
        {
            return null;
        }

        if (constant.IsNull)
        {
            return $"({type.ToCode()})null!";
        }

        switch (constant.Kind)
        {
            case TypedConstantKind.Array:
                var items = constant.Values.Select(item => OfArgument(item, access)).ToArray();
                return items.Contains(null) ? null : $"new {type.ToCode()} {{ {string.Join(", ", items)} }}";
            case TypedConstantKind.Type:
                return constant.Value is ITypeSymbol { TypeKind: not TypeKind.Error } named && access.CanUse(named)
                    ? $"typeof({named.ToCode()})"
                    : null;
            case TypedConstantKind.Enum:
            case TypedConstantKind.Primitive:
                return OfType(type, constant.Value!);
            default:
                return null;
        }
    }

    /// <summary>The default value of a parameter.</summary>
    public static string OfDefault(IParameterSymbol parameter)
    {
        if (parameter.ExplicitDefaultValue is { } value)
        {
            return OfType(parameter.Type.WithoutNullable(), value);
        }

        return parameter.Type.IsReferenceOrNullable() ? "null" : $"default({parameter.Type.ToCode()})";
    }

    /// <summary>The parentheses are for negative numbers: without them, the minus after a cast would subtract.</summary>
    private static string OfType(ITypeSymbol type, object value) =>
        type.TypeKind == TypeKind.Enum || type.SpecialType is SpecialType.System_IntPtr or SpecialType.System_UIntPtr
            ? $"({type.ToCode()})({OfPrimitive(value)})"
            : OfPrimitive(value);

    /// <summary>A literal that has exactly the type of the value, so that it boxes to that type.</summary>
    private static string OfPrimitive(object value) => value switch
    {
        string text => SymbolDisplay.FormatLiteral(text, quote: true),
        char character => SymbolDisplay.FormatLiteral(character, quote: true),
        bool flag => flag ? "true" : "false",
        sbyte number => $"(sbyte)({Invariant(number)})",
        byte number => $"(byte){Invariant(number)}",
        short number => $"(short)({Invariant(number)})",
        ushort number => $"(ushort){Invariant(number)}",
        int number => Invariant(number),
        uint number => Invariant(number) + "U",
        long number => Invariant(number) + "L",
        ulong number => Invariant(number) + "UL",
        decimal number => Invariant(number) + "M",
        float number when float.IsNaN(number) => "float.NaN",
        float number when float.IsInfinity(number) => number > 0 ? "float.PositiveInfinity" : "float.NegativeInfinity",
        float number => number.ToString("R", CultureInfo.InvariantCulture) + "F",
        double number when double.IsNaN(number) => "double.NaN",
        double number when double.IsInfinity(number) => number > 0 ? "double.PositiveInfinity" : "double.NegativeInfinity",
        double number => number.ToString("R", CultureInfo.InvariantCulture) + "D",
        DateTime time => $"new global::System.DateTime({Invariant(time.Ticks)}L)",
        _ => throw new NotSupportedException($"There is no constant of type {value.GetType()}."),
    };

    private static string Invariant(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
