using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Converters;
using RabbitTopics.Messages;

namespace RabbitTopics.Functions.Converters;

/// <summary>Reads the body of a RabbitMQ trigger's message by its content type and content encoding, which the worker's own
/// converters do not look at.</summary>
internal sealed class BodyConverter(MessageBody body) : IInputConverter
{
    /// <inheritdoc/>
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context)
    {
        // A middleware that asks for an object wants what the host sent; bytes of another binding are none of ours.
        if (context.Source is not ReadOnlyMemory<byte> bytes || context.TargetType == typeof(object)
            || context.FunctionContext.GetTopicMessage() is not { } message || !context.TryGetBindingAttribute<RabbitMQTriggerAttribute>(out var binding) || binding is not RabbitMQTriggerAttribute)
        {
            return new(ConversionResult.Unhandled());
        }

        try
        {
            return new(ConversionResult.Success(body.Read(message, bytes, context.TargetType)));
        }
        catch (Exception exception)
        {
            return new(ConversionResult.Failed(exception));
        }
    }
}
