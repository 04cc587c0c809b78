using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using RabbitTopics.StandaloneWorker.Discovery;

namespace RabbitTopics.StandaloneWorker.Invocation;

/// <summary>A function, as its context shows it.</summary>
internal sealed class StandaloneFunctionDefinition : FunctionDefinition
{
    private readonly FrozenDictionary<ParameterDescriptor, IReadOnlyDictionary<string, object>> _properties;

    public StandaloneFunctionDefinition(FunctionDescriptor descriptor)
    {
        Descriptor = descriptor;
        Parameters = [.. descriptor.Parameters.Select(ToParameter)];
        _properties = descriptor.Parameters.Zip(Parameters).ToFrozenDictionary(
            parameter => parameter.First, IReadOnlyDictionary<string, object> (parameter) => parameter.Second.Properties);
        InputBindings = descriptor.Parameters
            .Select(parameter => (parameter.Name, Binding: parameter.Attributes.OfType<BindingAttribute>().FirstOrDefault()))
            .Where(parameter => parameter.Binding is not null)
            .ToImmutableDictionary(parameter => parameter.Name,
                BindingMetadata (parameter) => new StandaloneBinding(parameter.Name, TypeName(parameter.Binding!), BindingDirection.In));
        OutputBindings = descriptor.Outputs
            .Select(output => (output.Name, Binding: output.Attributes.OfType<OutputBindingAttribute>().FirstOrDefault()))
            .Where(output => output.Binding is not null)
            .ToImmutableDictionary(output => output.Name,
                BindingMetadata (output) => new StandaloneBinding(output.Name, TypeName(output.Binding!), BindingDirection.Out));
    }

    public FunctionDescriptor Descriptor { get; }

    public override string Id => Descriptor.Name;

    public override string Name => Descriptor.Name;

    public override string EntryPoint => Descriptor.EntryPoint;

    public override string PathToAssembly => Path.Combine(AppContext.BaseDirectory, $"{Descriptor.AssemblyName}.dll");

    public override ImmutableArray<FunctionParameter> Parameters { get; }

    public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

    public override IImmutableDictionary<string, BindingMetadata> OutputBindings { get; }

    /// <summary>What a converter may know of a parameter.</summary>
    public IReadOnlyDictionary<string, object> PropertiesOf(ParameterDescriptor parameter) => _properties[parameter];

    /// <summary>The name that a binding has in a function's metadata, for example <c>rabbitMQTrigger</c>.</summary>
    private static string TypeName(BindingAttribute attribute)
    {
        var name = attribute.GetType().Name;
        name = name.EndsWith("OutputAttribute", StringComparison.Ordinal) ? name[..^"OutputAttribute".Length] : name[..^"Attribute".Length];
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    private static FunctionParameter ToParameter(ParameterDescriptor parameter)
    {
        var properties = parameter.Attributes.OfType<BindingAttribute>()
            .ToImmutableDictionary(_ => "bindingAttribute", object (attribute) => attribute);
        return parameter.HasDefaultValue
            ? new FunctionParameter(parameter.Name, parameter.Type, true, parameter.DefaultValue!, properties)
            : new FunctionParameter(parameter.Name, parameter.Type, properties);
    }

    private sealed class StandaloneBinding(string name, string type, BindingDirection direction) : BindingMetadata
    {
        public override string Name => name;

        public override string Type => type;

        public override BindingDirection Direction => direction;
    }
}
