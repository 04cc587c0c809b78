using Microsoft.CodeAnalysis;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Checks that a function has one trigger, and that each of its parameters gets a value.</summary>
internal static class ParameterRules
{
    /// <summary>The entries of a message's binding data by which a parameter gets a value, whatever the case of the letters.</summary>
    private static readonly HashSet<string> SimpleEntries = new(StringComparer.OrdinalIgnoreCase) { "exchange", "routingKey", "deliveryTag", "consumerTag", "redelivered" };

    /// <summary>The others, of a host's extension: no name for the trigger's parameter either.</summary>
    private static readonly HashSet<string> OtherEntries = new(StringComparer.OrdinalIgnoreCase) { "body", "basicProperties", "rabbitTopics" };

    public static void Check(Function function)
    {
        var (triggers, parameters) = (function.Triggers, function.Method.Parameters);
        function.If(triggers.Count == 0 && !parameters.Any(parameter => parameter.HasUnknownAttribute()), Rules.NoTrigger, function.Method.Place());
        foreach (var trigger in triggers)
        {
            function.If(trigger != triggers[0], Rules.SeveralTriggers, trigger.Attribute.Place(), trigger, triggers[0]);
            CheckTrigger(function, trigger, trigger.Parameter);
        }

        // A trigger of another kind may bind parameters by names that are not known here, as an HTTP trigger does those of its route.
        var sourcesAreKnown = triggers.Count > 0 && triggers.All(trigger => trigger.IsOf(Names.RabbitMQTrigger) || trigger.IsOf(Names.TimerTrigger));
        foreach (var parameter in parameters.Where(parameter => parameter.Type.TypeKind != TypeKind.Error))
        {
            CheckParameter(function, parameter, parameter.Type, sourcesAreKnown);
        }
    }

    private static void CheckTrigger(Function function, Trigger trigger, IParameterSymbol parameter)
    {
        var (place, type) = (parameter.Place(), parameter.Type.ToDisplayString());

        // It is for the worker's own converters to read the trigger's value, and nothing worse is wrong.
        var canBeRead = parameter.Type.TypeKind != TypeKind.Error && !IsByReference(parameter) && !HasConverter(parameter);
        if (trigger.IsOf(Names.TimerTrigger))
        {
            var schedule = trigger.Attribute.Text("schedule");
            var problem = schedule?.HasSetting() == false ? Schedules.Problem(schedule) : null;
            function.If(problem is not null, Rules.InvalidSchedule, trigger.Attribute.Place(), schedule, problem);
            function.If(canBeRead && !CanHoldTimer(parameter.Type), Rules.UnsupportedTimer, place, parameter.Name, type);
        }

        if (trigger.IsOf(Names.RabbitMQTrigger))
        {
            function.If(trigger.Attribute.Text("queueName") is { } queue && string.IsNullOrWhiteSpace(queue), Rules.NoQueue, trigger.Attribute.Place());
            function.If(SimpleEntries.Contains(parameter.Name) || OtherEntries.Contains(parameter.Name), Rules.ReservedName, place, parameter.Name);
            var obstacle = canBeRead ? BodyTypes.Obstacle(parameter.Type) : null;
            function.If(obstacle is not null, Rules.UnsupportedBody, place, parameter.Name, type, obstacle);
        }
    }

    private static void CheckParameter(Function function, IParameterSymbol parameter, ITypeSymbol type, bool sourcesAreKnown)
    {
        var place = parameter.Place();
        if (IsByReference(parameter))
        {
            var kind = type.IsByReference() ? $"is {type.ToDisplayString()}" : "is ref or out";
            function.If(true, Rules.ByReference, place, $"the parameter '{parameter.Name}' {kind}");
            return;
        }

        function.If(IsMicrosoftBinding(parameter) && !MethodRules.IsBindingName(parameter.Name), Rules.InvalidBindingName, place, parameter.Name);
        var converter = parameter.AttributesOf(Names.InputConverter).Select(Converter).FirstOrDefault(IsNoConverter);
        function.If(converter is not null, Rules.NotConstructible, place, converter?.DottedName(),
            "[InputConverter] names it, and it is not an IInputConverter. Implement that interface.");
        function.If(sourcesAreKnown && !IsBound(parameter, function.BindsMessage), Rules.UnboundParameter, place, parameter.Name, type.ToDisplayString());
    }

    private static bool IsByReference(IParameterSymbol parameter) =>
        parameter.RefKind is not (RefKind.None or RefKind.In) || parameter.Type.IsByReference();

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
        || (functionBindsMessage && SimpleEntries.Contains(parameter.Name) && IsSimple(parameter.Type.WithoutNullable()));

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
