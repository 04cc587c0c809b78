using Microsoft.CodeAnalysis;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Checks that a function has one trigger, and that each of its parameters gets a value.</summary>
internal static class ParameterRules
{
    /// <summary>What the host puts into the binding data of a message, whatever the case of the letters; and whether it is more
    /// than a simple value.</summary>
    private static readonly Dictionary<string, bool> BindingData = new(StringComparer.OrdinalIgnoreCase)
    {
        ["body"] = true,
        ["exchange"] = false,
        ["routingKey"] = false,
        ["deliveryTag"] = false,
        ["consumerTag"] = false,
        ["redelivered"] = false,
        ["basicProperties"] = true,
    };

    public static IEnumerable<Diagnostic> Check(Function function)
    {
        var triggers = function.Triggers;
        if (triggers.Count == 0 && !function.Method.Parameters.Any(parameter => parameter.HasUnknownAttribute()))
        {
            yield return function.Problem(Rules.NoTrigger, function.Method.Place());
        }

        foreach (var surplus in triggers.Skip(1))
        {
            yield return function.Problem(Rules.SeveralTriggers, surplus.Attribute.Place(), surplus, triggers[0]);
        }

        foreach (var problem in triggers.SelectMany(trigger => Check(function, trigger)))
        {
            yield return problem;
        }

        // A trigger of another kind may bind parameters by names that are not known here, as an HTTP trigger does those of its route.
        var sourcesAreKnown = triggers.Count > 0
            && triggers.All(trigger => trigger.IsOf(Names.RabbitMQTrigger) || trigger.IsOf(Names.TimerTrigger));
        foreach (var problem in function.Method.Parameters.SelectMany(parameter => Check(function, parameter, sourcesAreKnown)))
        {
            yield return problem;
        }
    }

    private static IEnumerable<Diagnostic> Check(Function function, Trigger trigger)
    {
        var parameter = trigger.Parameter;
        if (trigger.IsOf(Names.TimerTrigger))
        {
            if (trigger.Attribute.Text("schedule") is { } schedule && !schedule.HasSetting()
                && Schedules.Problem(schedule) is { } problem)
            {
                yield return function.Problem(Rules.InvalidSchedule, trigger.Attribute.Place(), schedule, problem);
            }

            if (CanBeRead(parameter) && !CanHoldTimer(parameter.Type))
            {
                yield return function.Problem(Rules.UnsupportedTimer, parameter.Place(), parameter.Name, parameter.Type.ToDisplayString());
            }
        }

        if (trigger.IsOf(Names.RabbitMQTrigger))
        {
            if (trigger.Attribute.Text("queueName") is { } queue && string.IsNullOrWhiteSpace(queue))
            {
                yield return function.Problem(Rules.NoQueue, trigger.Attribute.Place());
            }

            if (BindingData.ContainsKey(parameter.Name))
            {
                yield return function.Problem(Rules.ReservedName, parameter.Place(), parameter.Name);
            }

            if (CanBeRead(parameter) && BodyTypes.Obstacle(parameter.Type) is { } obstacle)
            {
                yield return function.Problem(
                    Rules.UnsupportedBody, parameter.Place(), parameter.Name, parameter.Type.ToDisplayString(), obstacle);
            }
        }
    }

    private static IEnumerable<Diagnostic> Check(Function function, IParameterSymbol parameter, bool sourcesAreKnown)
    {
        var type = parameter.Type;
        if (type.TypeKind == TypeKind.Error)
        {
            yield break;
        }

        if (IsByReference(parameter))
        {
            var kind = type.IsByReference() ? $"is {type.ToDisplayString()}" : "is ref or out";
            yield return function.Problem(Rules.ByReference, parameter.Place(), $"the parameter '{parameter.Name}' {kind}");
            yield break;
        }

        if (IsMicrosoftBinding(parameter) && !FunctionNames.IsBindingName(parameter.Name))
        {
            yield return function.Problem(Rules.InvalidBindingName, parameter.Place(), parameter.Name);
        }

        if (parameter.AttributesOf(Names.InputConverter).Select(Converter).FirstOrDefault(IsNoConverter) is { } converter)
        {
            yield return function.Problem(Rules.NotConstructible, parameter.Place(), converter.DottedName(),
                "[InputConverter] names it, and it is no IInputConverter. Implement that interface.");
        }

        if (sourcesAreKnown && !IsBound(parameter, function.BindsMessage))
        {
            yield return function.Problem(Rules.UnboundParameter, parameter.Place(), parameter.Name, type.ToDisplayString());
        }
    }

    private static bool IsByReference(IParameterSymbol parameter) =>
        parameter.RefKind is not (RefKind.None or RefKind.In) || parameter.Type.IsByReference();

    /// <summary>Whether it is for the worker's own converters to read the trigger's value, and nothing worse is wrong.</summary>
    private static bool CanBeRead(IParameterSymbol parameter) =>
        parameter.Type.TypeKind != TypeKind.Error && !IsByReference(parameter) && !HasConverter(parameter);

    /// <summary>A timer comes as JSON: beside TimerInfo an app may take that as text, or as a class of its own.</summary>
    private static bool CanHoldTimer(ITypeSymbol type) => type.SpecialType == SpecialType.System_String
        || (type.TypeKind is TypeKind.Class or TypeKind.Struct && !IsSimple(type.WithoutNullable()) && BodyTypes.Obstacle(type) is null);

    private static bool HasConverter(IParameterSymbol parameter) => parameter.HasUnknownAttribute() || NamesConverter(parameter)
        || parameter.Type.WithBaseTypes().Any(NamesConverter);

    private static bool NamesConverter(ISymbol symbol) =>
        symbol.GetAttributes().Any(attribute => attribute.AttributeClass?.IsOrDerivesFrom(Names.InputConverter) == true);

    private static ITypeSymbol? Converter(AttributeData attribute) =>
        attribute.ConstructorArguments.Length == 1 ? attribute.ConstructorArguments[0].Value as ITypeSymbol : null;

    private static bool IsNoConverter(ITypeSymbol? type) =>
        type is not null and not { TypeKind: TypeKind.Error }
        && !type.Is(Names.IInputConverter) && !type.AllInterfaces.Any(candidate => candidate.Is(Names.IInputConverter));

    private static bool IsMicrosoftBinding(IParameterSymbol parameter) =>
        parameter.GetAttributes().Any(attribute => attribute.AttributeClass?.IsOrDerivesFrom(Names.Binding) == true);

    private static bool IsBound(IParameterSymbol parameter, bool functionBindsMessage) =>
        parameter.Type.Is(Names.FunctionContext)
        || parameter.Type.WithoutNullable().Is("System.Threading.CancellationToken")
        || parameter.HasExplicitDefaultValue
        || HasConverter(parameter)
        || IsMicrosoftBinding(parameter)
        || parameter.GetAttributes().Any(attribute => attribute.AttributeClass?.IsIn(Names.Ours) == true)
        || IsGivenByUs(parameter.Type, functionBindsMessage)
        || (functionBindsMessage && BindingData.TryGetValue(parameter.Name, out var isObject)
            && (isObject || IsSimple(parameter.Type.WithoutNullable())));

    /// <summary>Whether it is a type of ours that a parameter can have. Interfaces of ours are services, but for the collector.</summary>
    private static bool IsGivenByUs(ITypeSymbol type, bool functionBindsMessage) => type.IsIn(Names.Ours)
        && (type.TypeKind != TypeKind.Interface || type.Is(Names.Collector))
        && (functionBindsMessage || !Names.OfMessage.Any(type.Is));

    /// <summary>Whether the worker reads the text of a binding-data entry as the type.</summary>
    private static bool IsSimple(ITypeSymbol type) => type.TypeKind == TypeKind.Enum
        || type.SpecialType is SpecialType.System_Object or SpecialType.System_String or SpecialType.System_DateTime
            or (>= SpecialType.System_Boolean and <= SpecialType.System_Double)
        || type.Is("System.Guid") || type.Is("System.DateTimeOffset");
}
