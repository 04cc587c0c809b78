using Microsoft.CodeAnalysis;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>The types that mean something to the generator, by name.</summary>
internal static class KnownTypes
{
    public const string Function = "Microsoft.Azure.Functions.Worker.FunctionAttribute";

    private const string Abstractions = "Microsoft.Azure.Functions.Worker.Extensions.Abstractions";

    private static readonly SymbolDisplayFormat FullName = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    public static string NameOf(ITypeSymbol type) => type.ToDisplayString(FullName);

    public static bool Is(ITypeSymbol? type, string name) => type is not null && NameOf(type) == name;

    public static bool IsTrigger(AttributeData attribute) => DerivesFrom(attribute.AttributeClass, $"{Abstractions}.TriggerBindingAttribute");

    public static bool IsBinding(AttributeData attribute) => DerivesFrom(attribute.AttributeClass, $"{Abstractions}.BindingAttribute");

    /// <summary>Whether an attribute takes the value of what it stands on. Ours cannot derive from Microsoft's base: its host
    /// would not know the binding.</summary>
    public static bool IsOutput(AttributeData attribute) =>
        DerivesFrom(attribute.AttributeClass, $"{Abstractions}.OutputBindingAttribute")
        || Is(attribute.AttributeClass, "RabbitTopics.Functions.TopicOutputAttribute");

    public static bool IsOurs(ITypeSymbol type) =>
        NameOf(type).StartsWith("RabbitTopics.", StringComparison.Ordinal) && type.ContainingAssembly?.Name.StartsWith("RabbitTopics", StringComparison.Ordinal) == true;

    public static bool DerivesFrom(ITypeSymbol? type, string name)
    {
        for (var candidate = type; candidate is not null; candidate = candidate.BaseType)
        {
            if (Is(candidate, name))
            {
                return true;
            }
        }

        return false;
    }
}
