using System.ComponentModel;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker.Converters;
using RabbitTopics.Messages;

namespace RabbitTopics.Functions.Converters;

/// <summary>Gives a parameter of type <see cref="TopicMessage{T}"/> the message of the invocation with its body read. Used by
/// generated code.</summary>
/// <typeparam name="T">The type of the body.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TopicMessageConverter<T>(JsonBody json) : IInputConverter
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
            return new((RawBody.TryRead(message.Body, typeof(T), out var value) ? value : json.Read(message.Body.Span, typeof(T))) is T body
                ? ConversionResult.Success(new TopicMessage<T>(message, body))
                : ConversionResult.Failed(new JsonException("The body is a JSON null.")));
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            return new(ConversionResult.Failed(exception));
        }
    }
}
