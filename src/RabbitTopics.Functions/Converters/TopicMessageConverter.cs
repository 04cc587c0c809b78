using Microsoft.Azure.Functions.Worker.Converters;
using RabbitTopics.Messages;

namespace RabbitTopics.Functions.Converters;

/// <summary>Gives a parameter of type <see cref="TopicMessage"/> the message of the invocation.</summary>
internal sealed class TopicMessageConverter : IInputConverter
{
    /// <inheritdoc/>
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context) => new(
        context.TargetType == typeof(TopicMessage) && context.FunctionContext.GetTopicMessage() is { } message
            ? ConversionResult.Success(message)
            : ConversionResult.Unhandled());
}
