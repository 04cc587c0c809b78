using Microsoft.CodeAnalysis;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Checks a function against what the worker can run.</summary>
internal sealed class FunctionRules(IMethodSymbol method, string functionName, string entryPoint)
{
    /// <summary>What Microsoft's host puts into the binding data of a message, whatever the case of the letters.</summary>
    private static readonly HashSet<string> BindingData = new(StringComparer.OrdinalIgnoreCase)
    {
        "body", "exchange", "routingKey", "deliveryTag", "consumerTag", "redelivered", "basicProperties",
    };

    private readonly List<Problem> _problems = [];

    public IReadOnlyList<Problem> Problems => _problems;

    /// <summary>Notes everything that is wrong.</summary>
    public void Check()
    {
        CheckName();
        CheckMethod();
        var triggers = method.Parameters.Where(parameter => Trigger(parameter) is not null).ToArray();
        if (triggers.Length == 0 && !method.Parameters.Any(HasUnknownAttribute))
        {
            Add(Diagnostics.NoTrigger, method);
        }

        foreach (var surplus in triggers.Skip(1))
        {
            Add(Diagnostics.SeveralTriggers, surplus, Quote(surplus.Name), Quote(triggers[0].Name));
        }

        var bindsMessage = triggers.Any(parameter => Trigger(parameter)!.Is(Names.RabbitMQTrigger));
        foreach (var parameter in method.Parameters)
        {
            CheckParameter(parameter, bindsMessage);
        }
    }

    /// <summary>Notes that an object which the function needs cannot be made.</summary>
    public void AddNotConstructible(ISymbol place, ITypeSymbol type, string obstacle) =>
        Add(Diagnostics.NotConstructible, place, type.DottedName(), obstacle);

    /// <summary>Notes that an output has nothing to write.</summary>
    public void AddOutputWithoutResult() => Add(Diagnostics.OutputWithoutResult, method, entryPoint);

    private static ITypeSymbol? Trigger(IParameterSymbol parameter) => parameter.GetAttributes()
        .Select(attribute => attribute.AttributeClass).FirstOrDefault(type => type?.IsOrDerivesFrom(Names.TriggerBinding) == true);

    /// <summary>An attribute that does not compile might be the trigger: the compiler has said enough.</summary>
    private static bool HasUnknownAttribute(IParameterSymbol parameter) =>
        parameter.GetAttributes().Any(attribute => attribute.AttributeClass is null or { TypeKind: TypeKind.Error });

    private static bool HasConverter(IParameterSymbol parameter) => parameter.HasAttribute(Names.InputConverter)
        || parameter.Type.WithBaseTypes().Any(type => type.HasAttribute(Names.InputConverter));

    private static string Quote(string name) => $"'{name}'";

    private static bool IsLetter(char character) => character is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');

    private void CheckName()
    {
        if (functionName.Length == 0 || !IsLetter(functionName[0])
            || !functionName.All(character => IsLetter(character) || character is (>= '0' and <= '9') or '-' or '_'))
        {
            Add(Diagnostics.InvalidName, method, entryPoint);
        }
    }

    private void CheckMethod()
    {
        if (MethodObstacle() is { } obstacle)
        {
            Add(Diagnostics.NotCallable, method, entryPoint, obstacle);
        }

        if (method is { IsAsync: true, ReturnsVoid: true })
        {
            Add(Diagnostics.AsyncVoid, method, entryPoint);
        }

        if (method.ReturnType.IsRefLikeType || method.ReturnType is IPointerTypeSymbol or IFunctionPointerTypeSymbol)
        {
            Add(Diagnostics.ByReference, method, $"it returns {method.ReturnType.ToDisplayString()}");
        }
    }

    private string? MethodObstacle()
    {
        if (method.MethodKind != MethodKind.Ordinary)
        {
            return "it is not a method of a class. Make it one.";
        }

        if (method.DeclaredAccessibility != Accessibility.Public)
        {
            return "it is not public. Make it public.";
        }

        if (method.IsGenericMethod)
        {
            return "it is generic. Write a method for each type.";
        }

        if (method.ContainingType is not { TypeKind: TypeKind.Class })
        {
            return "it is not in a class. Move it to one.";
        }

        for (var type = method.ContainingType; type is not null; type = type.ContainingType)
        {
            if (type.DeclaredAccessibility != Accessibility.Public)
            {
                return $"the class {type.Name} is not public. Make it public.";
            }

            if (type.IsGenericType)
            {
                return $"the class {type.Name} is generic. Move the method to one that is not.";
            }
        }

        return method.ContainingType.IsAbstract && !method.IsStatic
            ? $"the class {method.ContainingType.Name} is abstract. Move the method to one that is not."
            : null;
    }

    private void CheckParameter(IParameterSymbol parameter, bool functionBindsMessage)
    {
        var type = parameter.Type;
        if (type.TypeKind == TypeKind.Error)
        {
            return;
        }

        if (parameter.RefKind is not (RefKind.None or RefKind.In) || type.IsRefLikeType || type is IPointerTypeSymbol or IFunctionPointerTypeSymbol)
        {
            var kind = parameter.RefKind is RefKind.None or RefKind.In ? $"is {type.ToDisplayString()}" : "is ref or out";
            Add(Diagnostics.ByReference, parameter, $"the parameter '{parameter.Name}' {kind}");
            return;
        }

        switch (Trigger(parameter)?.FullName())
        {
            case Names.RabbitMQTrigger:
                CheckMessage(parameter);
                break;
            case Names.TimerTrigger:
                if (!type.Is(Names.TimerInfo) && !HasConverter(parameter))
                {
                    Add(Diagnostics.UnsupportedTimer, parameter, parameter.Name, type.ToDisplayString());
                }

                break;
            case null when !IsBound(parameter, functionBindsMessage):
                Add(Diagnostics.UnboundParameter, parameter, parameter.Name, type.ToDisplayString());
                break;
        }
    }

    private void CheckMessage(IParameterSymbol parameter)
    {
        if (BindingData.Contains(parameter.Name))
        {
            Add(Diagnostics.ReservedName, parameter, parameter.Name);
        }

        if (!HasConverter(parameter) && BodyTypes.Obstacle(parameter.Type) is { } obstacle)
        {
            Add(Diagnostics.UnsupportedBody, parameter, parameter.Name, parameter.Type.ToDisplayString(), obstacle);
        }
    }

    private static bool IsBound(IParameterSymbol parameter, bool functionBindsMessage) =>
        parameter.Type.Is(Names.FunctionContext)
        || parameter.Type.WithoutNullable().Is("System.Threading.CancellationToken")
        || parameter.HasExplicitDefaultValue
        || parameter.Type.IsIn(Names.Ours)
        || HasConverter(parameter)
        || HasUnknownAttribute(parameter)
        || parameter.GetAttributes().Any(attribute => attribute.AttributeClass is { } type && (type.IsIn(Names.Ours) || type.IsOrDerivesFrom(Names.Binding)))
        || (functionBindsMessage && BindingData.Contains(parameter.Name) && parameter.Type.SpecialType is SpecialType.System_String
            or SpecialType.System_Boolean or SpecialType.System_UInt64 or SpecialType.System_Int64 or SpecialType.System_Int32);

    private void Add(DiagnosticDescriptor rule, ISymbol place, params string[] arguments) => _problems.Add(
        new Problem(rule, SourceLocation.From(place), new([functionName.Length == 0 ? entryPoint : functionName, .. arguments])));
}
