using Microsoft.CodeAnalysis;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Says which names functions can have.</summary>
internal static class FunctionNames
{
    /// <summary>Whether Microsoft's host takes the name of a function.</summary>
    public static bool IsValid(string name) => IsWord(name, also: "-_") && !name.Equals("host", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether Microsoft's host takes the name of a parameter with a trigger or an input.</summary>
    public static bool IsBindingName(string name) => IsWord(name, also: "");

    /// <summary>Holds the functions of a compilation against each other: no two may have one name.</summary>
    public static IEnumerable<Diagnostic> Duplicates(IEnumerable<Function> functions) =>
        from twins in functions
            .Where(function => function.Name.Length > 0)
            .GroupBy(function => function.Name, StringComparer.OrdinalIgnoreCase)
        let inOrder = twins
            .OrderBy(function => function.EntryPoint, StringComparer.Ordinal)
            .ThenBy(function => function.Method.Place().SourceTree?.FilePath, StringComparer.Ordinal)
            .ThenBy(function => function.Method.Place().SourceSpan)
            .ToArray()
        where inOrder.Length > 1
        from twin in inOrder
        let other = inOrder.First(candidate => candidate != twin)
        select twin.Problem(Rules.DuplicateName, twin.Attribute.Place(), twin.EntryPoint, other.EntryPoint);

    private static bool IsWord(string name, string also) => name.Length is > 0 and <= 128 && IsLetter(name[0])
        && name.All(character => IsLetter(character) || character is >= '0' and <= '9' || also.IndexOf(character) >= 0);

    private static bool IsLetter(char character) => character is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');
}
