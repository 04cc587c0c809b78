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
        if (context.Source is not ReadOnlyMemory<byte> bytes || context.FunctionContext.GetTopicMessage() is not { } message)
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
