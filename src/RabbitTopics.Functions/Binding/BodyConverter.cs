using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using RabbitTopics.Messages;

namespace RabbitTopics.Functions.Binding;

/// <summary>Reads the body of a RabbitMQ trigger's message by its content type and content encoding, which the worker's own
/// converters do not look at.</summary>
internal sealed class BodyConverter(MessageBody body) : IInputConverter
{
    /// <inheritdoc/>
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context)
    {
        // A middleware that asks for an object wants what the host sent. Bytes of an input binding are not the message's, and a
        // function with a message has no trigger but RabbitMQ's.
        if (context.TargetType == typeof(object) || !context.TryGetBindingAttribute<TriggerBindingAttribute>(out var binding) || binding is not TriggerBindingAttribute)
        {
            return new(ConversionResult.Unhandled());
        }

        try
        {
            if (context.FunctionContext.Features.Get<Delivery>() is { } delivery)
            {
                return new(ConversionResult.Success(body.Read(delivery, context.TargetType)));
            }

            return new(context.Source is ReadOnlyMemory<byte> bytes && context.FunctionContext.GetTopicMessage() is { } message
                ? ConversionResult.Success(body.Read(BodyFormat.Of(message), bytes, context.TargetType))
                : ConversionResult.Unhandled());
        }
        catch (Exception exception)
        {
            return new(ConversionResult.Failed(exception));
        }
    }
}
