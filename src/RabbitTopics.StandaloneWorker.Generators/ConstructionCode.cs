using Microsoft.CodeAnalysis;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Writes C# that makes an object from <c>services</c>, with the constructor that ActivatorUtilities would take.</summary>
internal sealed class ConstructionCode(TypeAccess access)
{
    private const string Extensions = "global::Microsoft.Extensions.DependencyInjection.ServiceProvider";

    /// <summary>The C#; null if the object cannot be made, with a sentence that says why and what to do.</summary>
    public string? Of(ITypeSymbol type, out string obstacle)
    {
        if (type is not INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct, IsAbstract: false, IsUnboundGenericType: false } named)
        {
            obstacle = "it is not a concrete class. Name one.";
            return null;
        }

        if (!access.CanUse(named))
        {
            obstacle = "it is hidden. Make it internal or public.";
            return null;
        }

        var candidates = named.InstanceConstructors.Where(constructor => constructor.DeclaredAccessibility == Accessibility.Public).ToArray();
        var chosen = candidates.FirstOrDefault(constructor => constructor.HasAttribute(Names.ConstructorChoice))
            ?? candidates.OrderByDescending(constructor => constructor.Parameters.Length).FirstOrDefault();
        if (chosen is null)
        {
            obstacle = "it has no public constructor. Give it one.";
            return null;
        }

        if (chosen.Parameters.FirstOrDefault(IsNoService) is { } odd)
        {
            obstacle = $"the parameter '{odd.Name}' of its constructor is no service. Take services and options only.";
            return null;
        }

        if (HasRequiredMembers(named) && !chosen.HasAttribute("System.Diagnostics.CodeAnalysis.SetsRequiredMembersAttribute"))
        {
            obstacle = "it has required members. Take their values in the constructor.";
            return null;
        }

        obstacle = "";
        return $"new {named.ToCode()}({string.Join(", ", chosen.Parameters.Select(Service))})";
    }

    /// <summary>C# that gets a service.</summary>
    public static string Required(string type) => $"{Extensions}ServiceExtensions.GetRequiredService<{type}>(services)";

    private static bool IsNoService(IParameterSymbol parameter) =>
        parameter.RefKind is not (RefKind.None or RefKind.In) || parameter.Type.IsRefLikeType
        || parameter.Type is IPointerTypeSymbol or IFunctionPointerTypeSymbol;

    private static bool HasRequiredMembers(ITypeSymbol type) => type.WithBaseTypes().SelectMany(candidate => candidate.GetMembers())
        .Any(member => member is IPropertySymbol { IsRequired: true } or IFieldSymbol { IsRequired: true });

    private string Service(IParameterSymbol parameter)
    {
        var type = parameter.Type;
        if (type.Is("System.IServiceProvider"))
        {
            return "services";
        }

        var key = Key(parameter);
        if (parameter.HasExplicitDefaultValue)
        {
            // Not the generic method: for a value type it could not tell a missing service from a zero.
            var service = key is null
                ? $"services.GetService(typeof({type.ToCode()}))"
                : $"((global::Microsoft.Extensions.DependencyInjection.IKeyedServiceProvider)services).GetKeyedService(typeof({type.ToCode()}), {key})";
            return $"({type.ToAnnotatedCode()})({service} ?? (object?)({ConstantCode.OfDefault(parameter)}))!";
        }

        var required = type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToAnnotatedCode();
        return key is null
            ? Required(required)
            : $"{Extensions}KeyedServiceExtensions.GetRequiredKeyedService<{required}>(services, {key})";
    }

    private string? Key(IParameterSymbol parameter)
    {
        var attribute = parameter.GetAttributes().FirstOrDefault(candidate => candidate.AttributeClass?.Is(Names.ServiceKey) == true);
        return attribute is { ConstructorArguments.Length: 1 } ? ConstantCode.OfArgument(attribute.ConstructorArguments[0], access) : null;
    }
}
