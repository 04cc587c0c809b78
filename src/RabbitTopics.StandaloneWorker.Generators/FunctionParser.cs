using Microsoft.CodeAnalysis;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Reads a method with <c>[Function]</c>.</summary>
internal static class FunctionParser
{
    public static bool IsInputConverter(AttributeData attribute) =>
        KnownTypes.Is(attribute.AttributeClass, "Microsoft.Azure.Functions.Worker.Converters.InputConverterAttribute");

    public static FunctionModel Parse(IMethodSymbol method, AttributeData function)
    {
        var name = function.ConstructorArguments.FirstOrDefault().Value as string ?? "";
        var place = Place.Of(method);
        var problems = Check(method, name, place).ToArray();
        return new FunctionModel(
            name,
            $"{KnownTypes.NameOf(method.ContainingType)}.{method.Name}",
            method.ContainingAssembly.Name,
            Attributes(method.GetAttributes(), method.ContainingAssembly),
            [.. method.Parameters.Select(Parameter)],
            [.. Outputs(method)],
            method.IsStatic ? "static _ => null" : $"static services => {ServiceCode.New(method.ContainingType) ?? "null"}",
            InvokeCode.Lambda(method),
            [.. problems],
            place);
    }

    private static IEnumerable<Problem> Check(IMethodSymbol method, string name, Place place)
    {
        if (name.Length == 0 || !IsLetter(name[0]) || name.Any(character => !IsLetter(character) && character is not ((>= '0' and <= '9') or '-' or '_')))
        {
            yield return new Problem(Diagnostics.BadName, place, [name]);
        }

        if (NotCallable(method) is { } reason)
        {
            yield return new Problem(Diagnostics.NotCallable, place, [name, reason]);
        }

        if (method is { IsAsync: true, ReturnsVoid: true })
        {
            yield return new Problem(Diagnostics.AsyncVoid, place, [name]);
        }

        var triggers = method.Parameters.Count(parameter => Trigger(parameter) is not null);
        if (triggers != 1)
        {
            yield return new Problem(Diagnostics.NoSingleTrigger, place, [name, triggers == 0 ? "none" : triggers.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        }

        foreach (var parameter in method.Parameters)
        {
            var trigger = Trigger(parameter);
            if (ParameterCheck.Advice(parameter, trigger) is { } advice)
            {
                yield return new Problem(Diagnostics.UnsupportedParameter, Place.Of(parameter), [name, parameter.Name, parameter.Type.ToDisplayString(), advice]);
            }

            if (KnownTypes.Is(trigger?.AttributeClass, "Microsoft.Azure.Functions.Worker.RabbitMQTriggerAttribute")
                && ParameterCheck.BindingData.Contains(parameter.Name, StringComparer.OrdinalIgnoreCase))
            {
                yield return new Problem(Diagnostics.ReservedParameterName, Place.Of(parameter), [name, parameter.Name]);
            }
        }
    }

    private static string? NotCallable(IMethodSymbol method)
    {
        if (method.DeclaredAccessibility != Accessibility.Public || method.IsGenericMethod || method.IsAbstract)
        {
            return "its method is not public, or is generic or abstract";
        }

        for (var type = method.ContainingType; type is not null; type = type.ContainingType)
        {
            if (type.DeclaredAccessibility != Accessibility.Public || type.IsGenericType || (type.IsAbstract && !method.IsStatic))
            {
                return $"its class {type.Name} is not public, or is generic or abstract";
            }
        }

        return method.IsStatic || ServiceCode.New(method.ContainingType) is not null ? null : $"its class {method.ContainingType.Name} has no public constructor";
    }

    private static AttributeData? Trigger(IParameterSymbol parameter) => parameter.GetAttributes().FirstOrDefault(KnownTypes.IsTrigger);

    private static ParameterModel Parameter(IParameterSymbol parameter) => new(
        parameter.Name,
        CodeText.Type(parameter.Type),
        !parameter.Type.IsValueType || parameter.Type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T,
        parameter.HasExplicitDefaultValue ? CodeText.Value(parameter.ExplicitDefaultValue, parameter.Type) : null,
        Attributes(parameter.GetAttributes(), parameter.ContainingAssembly),
        [.. parameter.GetAttributes().Concat(parameter.Type.GetAttributes()).Where(IsInputConverter)
            .Select(attribute => attribute.ConstructorArguments.FirstOrDefault().Value is INamedTypeSymbol converter ? ServiceCode.New(converter) : null)
            .OfType<string>()]);

    private static IEnumerable<OutputModel> Outputs(IMethodSymbol method)
    {
        var onMethod = method.GetAttributes().Where(KnownTypes.IsOutput).ToList();
        if (onMethod.Count > 0)
        {
            return [new OutputModel("$return", [.. onMethod.Select(CodeText.New)], "static result => result")];
        }

        return
            from type in BaseTypes(InvokeCode.ResultType(method))
            from property in type.GetMembers().OfType<IPropertySymbol>()
            let attributes = property.GetAttributes().Where(KnownTypes.IsOutput).Select(CodeText.New).ToArray()
            where attributes.Length > 0 && property is { IsStatic: false, GetMethod.DeclaredAccessibility: Accessibility.Public }
            select new OutputModel(property.Name, [.. attributes], $"static result => (({CodeText.Type(type)})result).{CodeText.Identifier(property.Name)}");
    }

    private static IEnumerable<ITypeSymbol> BaseTypes(ITypeSymbol? type)
    {
        for (; type is { SpecialType: not SpecialType.System_Object }; type = type.BaseType)
        {
            yield return type;
        }
    }

    /// <summary>Makers of the attributes that mean something to a worker: not the compiler's, and only those that generated code
    /// can name.</summary>
    private static EquatableArray<string> Attributes(IEnumerable<AttributeData> attributes, IAssemblySymbol from) =>
    [
        .. attributes.Where(attribute => attribute.AttributeClass is { } type
                && !KnownTypes.NameOf(type).StartsWith("System.", StringComparison.Ordinal)
                && attribute.AttributeConstructor is not null
                && IsAccessible(type, from))
            .Select(CodeText.New),
    ];

    private static bool IsAccessible(INamedTypeSymbol type, IAssemblySymbol from) =>
        type.DeclaredAccessibility == Accessibility.Public
        || (type.DeclaredAccessibility == Accessibility.Internal && SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, from));

    private static bool IsLetter(char character) => character is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');
}
