using Microsoft.CodeAnalysis;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Says what is wrong with the type of a parameter, while the compiler can still say it.</summary>
internal static class ParameterCheck
{
    /// <summary>What Microsoft's extension calls its binding data; a parameter of such a name is given that entry.</summary>
    public static readonly string[] BindingData =
        ["consumerTag", "deliveryTag", "redelivered", "exchange", "routingKey", "basicProperties", "body"];

    /// <summary>What to do about the type of a parameter; null where it is good.</summary>
    public static string? Advice(IParameterSymbol parameter, AttributeData? trigger)
    {
        if (parameter.RefKind is not (RefKind.None or RefKind.In))
        {
            return "Take it by value.";
        }

        if (parameter.Type.IsRefLikeType || parameter.Type.TypeKind is TypeKind.Pointer or TypeKind.FunctionPointer or TypeKind.Delegate or TypeKind.TypeParameter)
        {
            return "Use a type that can be read from JSON, string, byte[] or ReadOnlyMemory<byte>.";
        }

        if (HasConverter(parameter) || KnownTypes.IsOurs(parameter.Type) || parameter.HasExplicitDefaultValue)
        {
            return null;
        }

        if (trigger is null)
        {
            return IsContext(parameter.Type)
                || BindingData.Contains(parameter.Name, StringComparer.OrdinalIgnoreCase)
                || parameter.GetAttributes().Any(attribute => KnownTypes.IsBinding(attribute) || KnownTypes.IsOurs(attribute.AttributeClass!))
                ? null
                : "Nothing can give it a value: take FunctionContext, CancellationToken or TopicMessage, or a type with [InputConverter]; services go to the constructor.";
        }

        return KnownTypes.Is(trigger.AttributeClass, "Microsoft.Azure.Functions.Worker.TimerTriggerAttribute")
            ? KnownTypes.Is(parameter.Type, "Microsoft.Azure.Functions.Worker.TimerInfo") ? null : "A timer gives a TimerInfo."
            : BodyAdvice(parameter.Type);
    }

    private static string? BodyAdvice(ITypeSymbol type)
    {
        const string advice = "Use a class, record or struct that can be read from JSON, string, byte[] or ReadOnlyMemory<byte>.";
        if (KnownTypes.DerivesFrom(type, "System.IO.Stream") || KnownTypes.DerivesFrom(type, "System.Threading.Tasks.Task") || IsContext(type))
        {
            return advice;
        }

        var readable = type.TypeKind == TypeKind.Interface
            ? NamespaceOf(type) == "System.Collections.Generic"
            : !type.IsAbstract || type.GetAttributes().Any(attribute =>
                attribute.AttributeClass?.Name is "JsonPolymorphicAttribute" or "JsonDerivedTypeAttribute" or "JsonConverterAttribute");
        return readable ? null : advice;
    }

    private static bool IsContext(ITypeSymbol type) =>
        KnownTypes.Is(type, "Microsoft.Azure.Functions.Worker.FunctionContext") || KnownTypes.Is(type, "System.Threading.CancellationToken");

    private static string? NamespaceOf(ITypeSymbol type) => type.ContainingNamespace?.ToDisplayString();

    private static bool HasConverter(IParameterSymbol parameter) =>
        parameter.GetAttributes().Concat(parameter.Type.GetAttributes()).Any(FunctionParser.IsInputConverter);
}
