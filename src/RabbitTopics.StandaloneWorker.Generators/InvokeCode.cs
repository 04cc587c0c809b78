using Microsoft.CodeAnalysis;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Writes the call of a function's method.</summary>
internal static class InvokeCode
{
    private const string ValueTask = "global::System.Threading.Tasks.ValueTask<object?>";

    /// <summary>The type of what the method gives in the end; null where it gives nothing.</summary>
    public static ITypeSymbol? ResultType(IMethodSymbol method) =>
        method.ReturnsVoid ? null
        : !IsTask(method.ReturnType) ? method.ReturnType
        : ((INamedTypeSymbol)method.ReturnType).TypeArguments.FirstOrDefault();

    public static string Lambda(IMethodSymbol method)
    {
        var target = method.IsStatic ? CodeText.Type(method.ContainingType) : $"(({CodeText.Type(method.ContainingType)})instance!)";
        var arguments = string.Join(", ", method.Parameters.Select((parameter, index) => $"({CodeText.Type(parameter.Type)})arguments[{index}]!"));
        var call = $"{target}.{CodeText.Identifier(method.Name)}({arguments})";

        if (method.ReturnsVoid)
        {
            return $"static (instance, arguments) => {{ {call}; return default; }}";
        }

        if (!IsTask(method.ReturnType))
        {
            return $"static (instance, arguments) => new {ValueTask}({call})";
        }

        return ResultType(method) is null
            ? $"static async (instance, arguments) => {{ await {call}; return null; }}"
            : $"static async (instance, arguments) => await {call}";
    }

    private static bool IsTask(ITypeSymbol type) =>
        KnownTypes.Is(type, "System.Threading.Tasks.Task") || KnownTypes.Is(type, "System.Threading.Tasks.ValueTask");
}
