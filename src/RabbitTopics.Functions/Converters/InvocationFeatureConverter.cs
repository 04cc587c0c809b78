using Microsoft.Azure.Functions.Worker.Converters;
using RabbitTopics.Messages;
using RabbitTopics.Settle;

namespace RabbitTopics.Functions.Converters;

/// <summary>Gives a function the message of its invocation, and what to settle it with.</summary>
internal sealed class InvocationFeatureConverter : IInputConverter
{
    /// <inheritdoc/>
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context)
    {
        object? feature = context.TargetType == typeof(TopicMessage) ? context.FunctionContext.GetTopicMessage()
            : context.TargetType == typeof(TopicMessageActions) ? context.FunctionContext.Features.Get<TopicMessageActions>()
            : null;
        return new(feature is null ? ConversionResult.Unhandled() : ConversionResult.Success(feature));
    }
}
