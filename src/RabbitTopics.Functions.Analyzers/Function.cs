using Microsoft.CodeAnalysis;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>A method with <c>[Function]</c>, and what is wrong with it.</summary>
internal sealed class Function(IMethodSymbol method, AttributeData attribute, string name)
{
    private readonly List<Diagnostic> _problems = [];

    public IMethodSymbol Method => method;

    public AttributeData Attribute => attribute;

    public string Name => name;

    /// <summary>Class and method.</summary>
    public string EntryPoint { get; } = $"{method.ContainingType.DottedName()}.{method.Name}";

    /// <summary>Its triggers, in order; it should have one.</summary>
    public IReadOnlyList<Trigger> Triggers { get; } =
    [
        .. from parameter in method.Parameters
           from attribute in parameter.GetAttributes()
           where attribute.AttributeClass?.IsOrDerivesFrom(Names.TriggerBinding) == true
           select new Trigger(parameter, attribute),
    ];

    /// <summary>Whether it takes messages.</summary>
    public bool BindsMessage => Triggers.Any(trigger => trigger.IsOf(Names.RabbitMQTrigger));

    /// <summary>The queue that it subscribes, with its trigger and what tells it from the queues of other brokers; null where it subscribes none.</summary>
    public (string Name, Trigger Trigger, string Key)? SubscribedQueue =>
        Triggers.FirstOrDefault(trigger => trigger.IsOf(Names.RabbitMQTrigger)) is { } found
            && found.Parameter.HasAttribute(Names.TopicSubscription) && found.Attribute.Text("queueName") is { Length: > 0 } name
            ? (name, found, string.Join("\n", [.. found.Attribute.ConstructorArguments.Select(argument => $"{argument.Value}"), found.Attribute.Property("ConnectionStringSetting") ?? "RabbitMQ"]))
            : null;

    /// <summary>Whether it is certain which triggers it has.</summary>
    public bool TriggersAreKnown => Triggers.Count > 0 && !method.Parameters.Any(parameter => parameter.HasUnknownAttribute());

    /// <summary>The function of a method; null where it is none, or its attribute does not compile. A partial method is one
    /// function, that of its definition.</summary>
    public static Function? Of(IMethodSymbol method) =>
        method.PartialDefinitionPart is null
        && method.AttributesOf(Names.Function).FirstOrDefault() is { } attribute && attribute.Text("name") is { } name
            ? new Function(method, attribute, name)
            : null;

    /// <summary>Everything that is wrong with it.</summary>
    public IReadOnlyList<Diagnostic> Check()
    {
        MethodRules.Check(this);
        ParameterRules.Check(this);
        TopicRules.Check(this);
        ValueRules.Check(this);
        return _problems;
    }

    /// <summary>Notes a problem, if that is what it is.</summary>
    public void If(bool isWrong, DiagnosticDescriptor rule, Location place, params object?[] arguments)
    {
        if (isWrong)
        {
            _problems.Add(Problem(rule, place, arguments));
        }
    }

    /// <summary>A finding about the function.</summary>
    public Diagnostic Problem(DiagnosticDescriptor rule, Location place, params object?[] arguments) =>
        Diagnostic.Create(rule, place, [name.Length == 0 ? EntryPoint : name, .. arguments]);
}

/// <summary>A trigger and the parameter that it is on.</summary>
internal sealed class Trigger(IParameterSymbol parameter, AttributeData attribute)
{
    public IParameterSymbol Parameter => parameter;

    public AttributeData Attribute => attribute;

    public bool IsOf(string attributeName) => attribute.AttributeClass!.Is(attributeName);

    public override string ToString() => $"[{attribute.ShortName()}] on '{parameter.Name}'";
}
