using Microsoft.CodeAnalysis;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Says which types a message's body can be read as.</summary>
internal static class BodyTypes
{
    /// <summary>The interfaces that System.Text.Json makes a collection for.</summary>
    private static readonly HashSet<string> JsonInterfaces =
    [
        "System.Collections.IEnumerable", "System.Collections.ICollection", "System.Collections.IList", "System.Collections.IDictionary",
        "System.Collections.Generic.IEnumerable`1", "System.Collections.Generic.ICollection`1", "System.Collections.Generic.IList`1",
        "System.Collections.Generic.IReadOnlyCollection`1", "System.Collections.Generic.IReadOnlyList`1",
        "System.Collections.Generic.ISet`1", "System.Collections.Generic.IReadOnlySet`1",
        "System.Collections.Generic.IDictionary`2", "System.Collections.Generic.IReadOnlyDictionary`2",
        "System.Collections.Immutable.IImmutableList`1", "System.Collections.Immutable.IImmutableSet`1",
        "System.Collections.Immutable.IImmutableDictionary`2", "System.Collections.Immutable.IImmutableQueue`1",
        "System.Collections.Immutable.IImmutableStack`1",
    ];

    private static readonly string[] TaskTypes =
    [
        "System.Threading.Tasks.Task", "System.Threading.Tasks.ValueTask", "System.Threading.Tasks.ValueTask`1",
    ];

    /// <summary>Why a body cannot be read as the type; null if it can.</summary>
    public static string? Obstacle(ITypeSymbol type)
    {
        if (type is IArrayTypeSymbol array)
        {
            return array.Rank == 1 ? Obstacle(array.ElementType) : "JSON has no arrays of more than one dimension";
        }

        if (type.IsIn(Names.Ours) || IsReadByAttribute(type))
        {
            return null;
        }

        if (type.IsOrDerivesFrom("System.IO.Stream"))
        {
            return "a body is in memory as a whole and not a stream";
        }

        if (TaskTypes.Any(type.IsOrDerivesFrom))
        {
            return "the body is there when the function is called, not later";
        }

        return type switch
        {
            { TypeKind: TypeKind.Delegate } => "a delegate cannot be sent",
            INamedTypeSymbol { TypeKind: TypeKind.Interface } collection => JsonInterfaces.Contains(type.OriginalDefinition.FullName())
                ? collection.TypeArguments.Select(Obstacle).FirstOrDefault(obstacle => obstacle is not null)
                : "no class is known to make for the interface",
            { TypeKind: TypeKind.Class, IsAbstract: true } =>
                type.IsIn("System.Text.Json.Nodes") ? null : "the class is abstract and names no [JsonDerivedType]",
            _ => null,
        };
    }

    /// <summary>Attributes that tell System.Text.Json what to make.</summary>
    private static bool IsReadByAttribute(ITypeSymbol type) =>
        type.HasAttribute("System.Text.Json.Serialization.JsonDerivedTypeAttribute")
        || type.HasAttribute("System.Text.Json.Serialization.JsonPolymorphicAttribute")
        || type.HasAttribute("System.Text.Json.Serialization.JsonConverterAttribute");
}
