using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Context.Features;
using Microsoft.Azure.Functions.Worker.Converters;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>Binds the parameters of one function by asking the converters in turn. It does what Microsoft's own feature does at half its cost,
/// which is most of the cost of an invocation; and an argument that cannot be converted is an error also where its source is not
/// the trigger.</summary>
internal sealed class ParameterBinder(ImmutableArray<FunctionParameter> parameters, FunctionParameter trigger, InputConverters converters) : IFunctionInputBindingFeature
{
    /// <summary>When the function first runs: converters may need services that are still being made when it is loaded.</summary>
    private readonly Lazy<IInputConverter[][]> _converters = new(() => [.. parameters.Select(converters.For)]);

    /// <exception cref="FunctionInputConverterException">No converter gives a value; the message names function, parameter and
    /// type.</exception>
    public async ValueTask<FunctionInputBindingResult> BindFunctionInputAsync(FunctionContext context)
    {
        var invocation = context as InvocationContext ?? context.Features.Get<InvocationContext>()!;
        if (invocation.Arguments is { } known)
        {
            return known;
        }

        if (invocation.IsBoundByMiddleware)
        {
            // What the middleware bound, and perhaps replaced, is where only Microsoft's own feature finds it.
            var inputs = WorkerInternals.NewInputs(invocation.InstanceServices);
            using (inputs as IDisposable)
            {
                return invocation.Arguments = await inputs.BindFunctionInputAsync(context);
            }
        }

        var arguments = new object?[parameters.Length];
        for (var index = 0; index < arguments.Length; index++)
        {
            arguments[index] = await BindAsync(invocation, parameters[index], _converters.Value[index]);
        }

        return invocation.Arguments = new FunctionInputBindingResult(arguments);
    }

    private async ValueTask<object?> BindAsync(InvocationContext context, FunctionParameter parameter, IInputConverter[] candidates)
    {
        var conversion = new Conversion(context, parameter, parameter == trigger);
        foreach (var converter in candidates)
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

        return conversion.Source is null && parameter.IsReferenceOrNullableType ? null : throw Failure(context, parameter, "no converter takes it", null);
    }

    private static FunctionInputConverterException Failure(InvocationContext context, FunctionParameter parameter, string reason, Exception? cause)
    {
        var message = $"Function '{context.FunctionDefinition.Name}': the parameter '{parameter.Name}' of type {parameter.Type} cannot be bound: {reason}";
        return cause is null ? new FunctionInputConverterException(message) : new FunctionInputConverterException(message, cause);
    }

    private sealed class Conversion(InvocationContext context, FunctionParameter parameter, bool isTrigger) : ConverterContext
    {
        public override Type TargetType => parameter.Type;

        /// <summary>Made when it is asked for: the body of a message that a converter has seen is kept.</summary>
        public override object? Source => field ??= isTrigger ? OfTrigger() : context.Trigger.BindingData.GetValueOrDefault(parameter.Name);

        public override FunctionContext FunctionContext => context;

        public override IReadOnlyDictionary<string, object> Properties => parameter.Properties;

        /// <summary>A Functions host sends a timer as JSON, and some apps take it as a class of their own.</summary>
        private object OfTrigger() => context.Trigger.Value is TimerInfo timer && !parameter.Type.IsInstanceOfType(timer)
            ? JsonSerializer.Serialize(timer, TimerJson.Default.TimerInfo)
            : context.Trigger.Value;
    }
}

/// <summary>A timer as a Functions host sends it.</summary>
[JsonSerializable(typeof(TimerInfo))]
internal sealed partial class TimerJson : JsonSerializerContext;
