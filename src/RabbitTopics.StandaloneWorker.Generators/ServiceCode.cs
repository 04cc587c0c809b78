using Microsoft.CodeAnalysis;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Writes how an object is made from services, by the rules of ActivatorUtilities.</summary>
internal static class ServiceCode
{
    private const string Extensions = "global::Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions";
    private const string KeyedExtensions = "global::Microsoft.Extensions.DependencyInjection.ServiceProviderKeyedServiceExtensions";

    /// <summary>An expression over a variable <c>services</c>; null where the type has no public constructor.</summary>
    public static string? New(INamedTypeSymbol type)
    {
        var constructors = type.InstanceConstructors.Where(constructor => constructor.DeclaredAccessibility == Accessibility.Public).ToList();
        var chosen = constructors.FirstOrDefault(constructor => constructor.GetAttributes().Any(attribute =>
                KnownTypes.Is(attribute.AttributeClass, "Microsoft.Extensions.DependencyInjection.ActivatorUtilitiesConstructorAttribute")))
            ?? constructors.OrderByDescending(constructor => constructor.Parameters.Length).FirstOrDefault();
        return chosen is null ? null : $"new {CodeText.Type(type)}({string.Join(", ", chosen.Parameters.Select(Argument))})";
    }

    private static string Argument(IParameterSymbol parameter)
    {
        if (KnownTypes.Is(parameter.Type, "System.IServiceProvider"))
        {
            return "services";
        }

        var type = CodeText.Type(parameter.Type);
        var key = parameter.GetAttributes().FirstOrDefault(attribute =>
            KnownTypes.Is(attribute.AttributeClass, "Microsoft.Extensions.DependencyInjection.FromKeyedServicesAttribute"));
        if (key is { ConstructorArguments.Length: > 0 })
        {
            return $"{KeyedExtensions}.GetRequiredKeyedService<{type}>(services, {CodeText.Constant(key.ConstructorArguments[0])})";
        }

        return parameter.HasExplicitDefaultValue
            ? $"{Extensions}.GetService<{type}>(services) ?? {CodeText.Value(parameter.ExplicitDefaultValue, parameter.Type)}"
            : $"{Extensions}.GetRequiredService<{type}>(services)";
    }
}
