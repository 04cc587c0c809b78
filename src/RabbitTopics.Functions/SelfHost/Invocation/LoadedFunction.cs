using System.Collections.Immutable;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Context.Features;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using RabbitTopics.Functions.Catalog;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>A function ready to be invoked.</summary>
internal sealed record LoadedFunction(
    FunctionDefinition Definition, FunctionBinding Trigger, FunctionParameter TriggerParameter, IFunctionInputBindingFeature Inputs, IReadOnlyList<RabbitMQBinding> Outputs)
{
    public string Name => Definition.Name;

    /// <exception cref="NotSupportedException">It has not one trigger, or none of its parameters is for it; the message says what to
    /// do.</exception>
    public static LoadedFunction Load(FunctionDescription function, InputConverters converters)
    {
        if (function.Bindings.Where(binding => binding.IsTrigger).ToArray() is not [var trigger])
        {
            throw new NotSupportedException("it has no trigger, or several. Put [RabbitMQTrigger] or [TimerTrigger] on one parameter.");
        }

        var definition = new Description(function);
        var parameter = definition.Parameters.FirstOrDefault(parameter => parameter.Name == trigger.Name)
            ?? throw new NotSupportedException($"its method has no parameter '{trigger.Name}', which its trigger is for. Build the app again from clean.");
        return new LoadedFunction(definition, trigger, parameter, new ParameterBinder(definition.Parameters, parameter, converters),
            [.. function.Bindings.Where(binding => binding.IsOutput).Select(RabbitMQBinding.Read).OfType<RabbitMQBinding>()]);
    }

    private sealed class Description : FunctionDefinition
    {
        public Description(FunctionDescription function)
        {
            Name = function.Name;
            EntryPoint = $"{function.Method.DeclaringType!.FullName}.{function.Method.Name}";
            PathToAssembly = Path.Combine(AppContext.BaseDirectory, $"{function.Method.DeclaringType.Assembly.GetName().Name}.dll");
            Parameters = [.. function.Method.GetParameters().Where(parameter => parameter.Name is not null).Select(Parameter)];
            InputBindings = Metadata(function.Bindings.Where(binding => !binding.IsOutput), BindingDirection.In);
            OutputBindings = Metadata(function.Bindings.Where(binding => binding.IsOutput), BindingDirection.Out);
        }

        public override string Id => Name;

        public override string Name { get; }

        public override string EntryPoint { get; }

        public override string PathToAssembly { get; }

        public override ImmutableArray<FunctionParameter> Parameters { get; }

        public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

        public override IImmutableDictionary<string, BindingMetadata> OutputBindings { get; }

        private static ImmutableDictionary<string, BindingMetadata> Metadata(IEnumerable<FunctionBinding> bindings, BindingDirection direction) =>
            bindings.ToImmutableDictionary(binding => binding.Name, BindingMetadata (binding) => new Binding(binding.Name, binding.Type, direction));

        private static FunctionParameter Parameter(ParameterInfo parameter) =>
            new(parameter.Name!, parameter.ParameterType, parameter.HasDefaultValue, parameter.DefaultValue, Properties(parameter));

        /// <summary>What converters may know of a parameter, under the names that Microsoft's worker gives it.</summary>
        private static ImmutableDictionary<string, object> Properties(ParameterInfo parameter)
        {
            var properties = ImmutableDictionary.CreateBuilder<string, object>();
            if (parameter.GetCustomAttribute<InputConverterAttribute>() is { } converter)
            {
                properties[InputConverters.ConverterType] = converter.ConverterType.AssemblyQualifiedName!;
            }
            else if (parameter.GetCustomAttribute<BindingAttribute>() is { } binding and not OutputBindingAttribute)
            {
                var converters = binding.GetType().GetCustomAttributes<InputConverterAttribute>().Select(attribute => attribute.ConverterType).ToArray();
                properties[InputConverters.BindingAttribute] = binding;
                properties[InputConverters.ConvertersOfAttribute] = converters.ToDictionary(type => type, InputConverters.SupportedTypes);
                if (converters.Length > 0)
                {
                    properties[InputConverters.FallbackBehavior] =
                        binding.GetType().GetCustomAttribute<ConverterFallbackBehaviorAttribute>()?.Behavior ?? ConverterFallbackBehavior.Default;
                }
            }

            return properties.ToImmutable();
        }
    }

    private sealed class Binding(string name, string type, BindingDirection direction) : BindingMetadata
    {
        public override string Name => name;

        public override string Type => type;

        public override BindingDirection Direction => direction;
    }
}
