using Microsoft.CodeAnalysis;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Checks what a function is: its name, its method, its class and its result.</summary>
internal static class MethodRules
{
    public static void Check(Function function)
    {
        var (method, type, place) = (function.Method, function.Method.ContainingType, function.Method.Place());
        function.If(!IsValidName(function.Name), Rules.InvalidName, function.Attribute.Place(), function.EntryPoint);

        var obstacle = CallObstacle(method, type);
        function.If(obstacle is not null, Rules.NotCallable, place, function.EntryPoint, obstacle);
        function.If(obstacle is null && !method.IsStatic && type.InstanceConstructors.All(constructor => constructor.DeclaredAccessibility != Accessibility.Public),
            Rules.NotConstructible, place, type.DottedName(), "it has no public constructor. Give it one.");

        function.If(method.ReturnType.IsByReference(), Rules.ByReference, place, $"it returns {method.ReturnType.ToDisplayString()}");
        var output = method.GetAttributes().FirstOrDefault(IsOutput);
        function.If(output is not null && ReturnsNothing(method), Rules.OutputWithoutResult, output?.Place() ?? place, function.EntryPoint);
    }

    /// <summary>Whether Microsoft's host takes the name of a parameter with a trigger or an input.</summary>
    public static bool IsBindingName(string name, string also = "") => name.Length is > 0 and <= 128 && IsLetter(name[0])
        && name.All(character => IsLetter(character) || character is >= '0' and <= '9' || also.IndexOf(character) >= 0);

    /// <summary>Whether it takes the name of a function.</summary>
    private static bool IsValidName(string name) => IsBindingName(name, also: "-_") && !name.Equals("host", StringComparison.OrdinalIgnoreCase);

    private static bool IsLetter(char character) => character is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');

    /// <summary>Why Microsoft's worker does not find the method or cannot call it; null if it can. A public method of an internal
    /// class it calls by reflection.</summary>
    private static string? CallObstacle(IMethodSymbol method, INamedTypeSymbol type) => method switch
    {
        { MethodKind: not (MethodKind.Ordinary or MethodKind.ExplicitInterfaceImplementation) } => "it is not a method of a class. Make it one.",
        { DeclaredAccessibility: not Accessibility.Public } => "it is not public, and would be left out without a word. Make it public.",
        { IsGenericMethod: true } => "it is generic. Write a method for each type.",
        _ when type.ContainingType is { } outer => $"the class {type.Name} is inside {outer.Name}, and is not found there. Move it out.",
        _ when type.IsGenericType => $"the class {type.Name} is generic. Move the method to one that is not.",
        _ when type.IsFileLocal => $"the class {type.Name} is local to a file. Make it internal or public.",
        { IsStatic: false } when type.TypeKind != TypeKind.Class => "it is not in a class. Move it to one.",
        { IsStatic: false } when type.IsAbstract => $"the class {type.Name} is abstract. Move the method to one that is not.",
        _ when type.GetMembers(method.Name).OfType<IMethodSymbol>().Count(IsPublicMethod) > 1 =>
            "the class has another public method of its name, and the worker goes by the name. Rename one of them.",
        _ => null,
    };

    private static bool IsPublicMethod(IMethodSymbol method) =>
        method is { MethodKind: MethodKind.Ordinary, DeclaredAccessibility: Accessibility.Public };

    private static bool ReturnsNothing(IMethodSymbol method) => method.ReturnsVoid
        || method.ReturnType.Is("System.Threading.Tasks.Task") || method.ReturnType.Is("System.Threading.Tasks.ValueTask");

    /// <summary>An output attribute of ours does not derive from Microsoft's: its host would take it for a binding that it does
    /// not know.</summary>
    private static bool IsOutput(AttributeData attribute) =>
        attribute.AttributeClass is { } type && (type.IsOrDerivesFrom(Names.OutputBinding) || type.Is(Names.TopicOutput));
}
