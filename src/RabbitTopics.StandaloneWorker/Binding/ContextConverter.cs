using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Converters;

namespace RabbitTopics.StandaloneWorker.Binding;

/// <summary>Gives a function its context or its cancellation token.</summary>
internal sealed class ContextConverter : IInputConverter
{
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context)
    {
        if (context.TargetType == typeof(FunctionContext))
        {
            return new(ConversionResult.Success(context.FunctionContext));
        }

        return new(context.TargetType == typeof(CancellationToken) || context.TargetType == typeof(CancellationToken?)
            ? ConversionResult.Success(context.FunctionContext.CancellationToken)
            : ConversionResult.Unhandled());
    }
}
