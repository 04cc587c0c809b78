using Microsoft.Azure.Functions.Worker.Converters;
using RabbitTopics.Messages;

namespace RabbitTopics.Functions.Binding;

/// <summary>Gives a parameter of type <see cref="TopicMessage{T}"/> the message of the invocation with its body read.</summary>
/// <typeparam name="T">The type of the body.</typeparam>
internal sealed class TopicMessageConverter<T>(MessageBody body) : IInputConverter
{
    /// <inheritdoc/>
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.TargetType != typeof(TopicMessage<T>) || context.FunctionContext.GetTopicMessage() is not { } message)
        {
            return new(ConversionResult.Unhandled());
        }

        try
        {
            return new(ConversionResult.Success(new TopicMessage<T>(message, (T)body.Read(message, typeof(T)))));
        }
        catch (Exception exception)
        {
            return new(ConversionResult.Failed(exception));
        }
    }
}
