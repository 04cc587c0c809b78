using Microsoft.CodeAnalysis;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>A method with <c>[Function]</c>.</summary>
/// <param name="Method">The method.</param>
/// <param name="Attribute">Its <c>[Function]</c>.</param>
/// <param name="Name">The name given to it.</param>
internal sealed record Function(IMethodSymbol Method, AttributeData Attribute, string Name)
{
    /// <summary>Class and method.</summary>
    public string EntryPoint { get; } = $"{Method.ContainingType.DottedName()}.{Method.Name}";

    /// <summary>Its triggers, in order; it should have one.</summary>
    public IReadOnlyList<Trigger> Triggers { get; } =
    [
        .. from parameter in Method.Parameters
           from attribute in parameter.GetAttributes()
           where attribute.AttributeClass?.IsOrDerivesFrom(Names.TriggerBinding) == true
           select new Trigger(parameter, attribute),
    ];

    /// <summary>Whether it takes messages.</summary>
    public bool BindsMessage => Triggers.Any(trigger => trigger.IsOf(Names.RabbitMQTrigger));

    /// <summary>Whether it is certain which triggers it has.</summary>
    public bool TriggersAreKnown => Triggers.Count > 0 && !Method.Parameters.Any(parameter => parameter.HasUnknownAttribute());

    /// <summary>The function of a method; null where it is none, or its attribute does not compile. A partial method is one
    /// function, that of its definition.</summary>
    public static Function? Of(IMethodSymbol method) =>
        method.PartialDefinitionPart is null
        && method.AttributesOf(Names.Function).FirstOrDefault() is { } attribute && attribute.Text("name") is { } name
            ? new Function(method, attribute, name)
            : null;

    /// <summary>A finding about the function.</summary>
    public Diagnostic Problem(DiagnosticDescriptor rule, Location place, params object[] arguments) =>
        Diagnostic.Create(rule, place, [Name.Length == 0 ? EntryPoint : Name, .. arguments]);
}

/// <summary>A trigger and the parameter that it is on.</summary>
internal sealed record Trigger(IParameterSymbol Parameter, AttributeData Attribute)
{
    public bool IsOf(string attributeName) => Attribute.AttributeClass!.Is(attributeName);

    public override string ToString() => $"[{Attribute.ShortName()}] on '{Parameter.Name}'";
}
