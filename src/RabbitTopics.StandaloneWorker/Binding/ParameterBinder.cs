using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Converters;
using RabbitTopics.StandaloneWorker.Discovery;
using RabbitTopics.StandaloneWorker.Invocation;

namespace RabbitTopics.StandaloneWorker.Binding;

/// <summary>Finds the value of a parameter by asking the converters in turn.</summary>
internal sealed class ParameterBinder(InputConverters converters)
{
    /// <summary>The value, as the given type.</summary>
    /// <exception cref="FunctionInputConverterException">No converter gives one; the message names function, parameter and
    /// type.</exception>
    public async ValueTask<object?> BindAsync(StandaloneFunctionContext context, ParameterDescriptor parameter, Type targetType)
    {
        var source = Source(context, parameter);
        var conversion = new Conversion(context, parameter, targetType, source);
        foreach (var converter in converters.For(parameter))
        {
            var result = await converter.ConvertAsync(conversion);
            switch (result.Status)
            {
                case ConversionStatus.Succeeded:
                    return result.Value;
                case ConversionStatus.Failed:
                    throw Failure(context, parameter, result.Error?.Message ?? "a converter gave no reason", result.Error);
            }
        }

        if (parameter.HasDefaultValue)
        {
            return parameter.DefaultValue;
        }

        return source is null && parameter.IsReferenceOrNullableType
            ? null
            : throw Failure(context, parameter, "no converter takes it", null);
    }

    private static object? Source(StandaloneFunctionContext context, ParameterDescriptor parameter)
    {
        if (parameter.IsTrigger)
        {
            return context.Trigger.Value;
        }

        return context.BindingContext.BindingData.GetValueOrDefault(parameter.Name);
    }

    private static FunctionInputConverterException Failure(
        StandaloneFunctionContext context, ParameterDescriptor parameter, string reason, Exception? cause)
    {
        var message = $"Function '{context.FunctionDefinition.Name}': the parameter '{parameter.Name}' of type {parameter.Type} cannot be bound: {reason}";
        return cause is null ? new FunctionInputConverterException(message) : new FunctionInputConverterException(message, cause);
    }

    private sealed class Conversion(StandaloneFunctionContext context, ParameterDescriptor parameter, Type targetType, object? source) : ConverterContext
    {
        public override Type TargetType => targetType;

        public override object? Source => source;

        public override FunctionContext FunctionContext => context;

        public override IReadOnlyDictionary<string, object> Properties => context.Function.PropertiesOf(parameter);
    }
}
