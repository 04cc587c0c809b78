using Microsoft.Azure.Functions.Worker.Converters;
using RabbitTopics.Functions.FunctionsHost;

namespace RabbitTopics.Functions.Binding;

/// <summary>Gives a function the message of its invocation, and what to settle it with. Comes first, so that on Microsoft's host it
/// sees the body before any other converter takes it, and adds it to the envelope.</summary>
internal sealed class InvocationFeatureConverter : IInputConverter
{
    /// <inheritdoc/>
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context)
    {
        if (context.FunctionContext.Features.Get<HostDelivery>() is { } delivery && context.Source is ReadOnlyMemory<byte> body)
        {
            delivery.AddBody(body);
        }

        object? feature = context.TargetType == typeof(TopicMessage) ? context.FunctionContext.GetTopicMessage()
            : context.TargetType == typeof(TopicMessageActions) ? context.FunctionContext.Features.Get<TopicMessageActions>()
            : null;
        return new(feature is null ? ConversionResult.Unhandled() : ConversionResult.Success(feature));
    }
}
