using Microsoft.CodeAnalysis;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Checks what a function is: its name, its method, its class and its result.</summary>
internal static class MethodRules
{
    public static IEnumerable<Diagnostic> Check(Function function)
    {
        var method = function.Method;
        if (!FunctionNames.IsValid(function.Name))
        {
            yield return function.Problem(Rules.InvalidName, function.Attribute.Place(), function.EntryPoint);
        }

        if (CallObstacle(method) is { } obstacle)
        {
            yield return function.Problem(Rules.NotCallable, method.Place(), function.EntryPoint, obstacle);
        }
        else if (!method.IsStatic
            && method.ContainingType.InstanceConstructors.All(constructor => constructor.DeclaredAccessibility != Accessibility.Public))
        {
            yield return function.Problem(
                Rules.NotConstructible, method.Place(), method.ContainingType.DottedName(), "it has no public constructor. Give it one.");
        }

        if (method.ReturnType.IsByReference())
        {
            yield return function.Problem(Rules.ByReference, method.Place(), $"it returns {method.ReturnType.ToDisplayString()}");
        }

        if (ReturnsNothing(method) && method.GetAttributes().FirstOrDefault(IsOutput) is { } output)
        {
            yield return function.Problem(Rules.OutputWithoutResult, output.Place(), function.EntryPoint);
        }
    }

    /// <summary>Why Microsoft's worker does not find the method or cannot call it; null if it can. A public method of an internal
    /// class it calls by reflection.</summary>
    private static string? CallObstacle(IMethodSymbol method)
    {
        var type = method.ContainingType;
        if (method.MethodKind is not (MethodKind.Ordinary or MethodKind.ExplicitInterfaceImplementation))
        {
            return "it is not a method of a class. Make it one.";
        }

        if (method.DeclaredAccessibility != Accessibility.Public)
        {
            return "it is not public, and would be left out without a word. Make it public.";
        }

        if (method.IsGenericMethod)
        {
            return "it is generic. Write a method for each type.";
        }

        if (type.ContainingType is { } outer)
        {
            return $"the class {type.Name} is inside {outer.Name}, and is not found there. Move it out.";
        }

        if (type.IsGenericType)
        {
            return $"the class {type.Name} is generic. Move the method to one that is not.";
        }

        if (type.IsFileLocal)
        {
            return $"the class {type.Name} is local to a file. Make it internal or public.";
        }

        if (!method.IsStatic && type.TypeKind != TypeKind.Class)
        {
            return "it is not in a class. Move it to one.";
        }

        if (!method.IsStatic && type.IsAbstract)
        {
            return $"the class {type.Name} is abstract. Move the method to one that is not.";
        }

        return type.GetMembers(method.Name).OfType<IMethodSymbol>().Count(IsPublicMethod) > 1
            ? "the class has another public method of its name, and the worker goes by the name. Rename one of them."
            : null;
    }

    private static bool IsPublicMethod(IMethodSymbol method) =>
        method is { MethodKind: MethodKind.Ordinary, DeclaredAccessibility: Accessibility.Public };

    private static bool ReturnsNothing(IMethodSymbol method) => method.ReturnsVoid
        || method.ReturnType.Is("System.Threading.Tasks.Task") || method.ReturnType.Is("System.Threading.Tasks.ValueTask");

    /// <summary>An output attribute of ours does not derive from Microsoft's: its host would take it for a binding that it does
    /// not know.</summary>
    private static bool IsOutput(AttributeData attribute) =>
        attribute.AttributeClass is { } type && (type.IsOrDerivesFrom(Names.OutputBinding) || type.Is(Names.TopicOutput));
}
