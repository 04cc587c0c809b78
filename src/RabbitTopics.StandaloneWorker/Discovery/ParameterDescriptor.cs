using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace RabbitTopics.StandaloneWorker.Discovery;

/// <summary>One parameter of a function, as the source generator found it.</summary>
public sealed class ParameterDescriptor
{
    private bool? _isTrigger;

    /// <summary>The parameter's name.</summary>
    public required string Name { get; init; }

    /// <summary>The parameter's type.</summary>
    public required Type Type { get; init; }

    /// <summary>Whether null may be passed: a reference type or a nullable value type.</summary>
    public required bool IsReferenceOrNullableType { get; init; }

    /// <summary>Whether the parameter has a default value.</summary>
    public bool HasDefaultValue { get; init; }

    /// <summary>The default value, where there is one.</summary>
    public object? DefaultValue { get; init; }

    /// <summary>The attributes on the parameter.</summary>
    public required IReadOnlyList<Attribute> Attributes { get; init; }

    /// <summary>Whether the trigger's value is for this parameter.</summary>
    internal bool IsTrigger => _isTrigger ??= Attributes.OfType<TriggerBindingAttribute>().Any();

    /// <summary>Makers of the converters that an <c>[InputConverter]</c> names, on the parameter first and then on its
    /// type.</summary>
    public required IReadOnlyList<Func<IServiceProvider, IInputConverter>> Converters { get; init; }
}
