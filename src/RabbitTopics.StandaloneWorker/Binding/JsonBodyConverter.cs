using System.Text.Json;
using Microsoft.Azure.Functions.Worker.Converters;
using RabbitTopics.Messages;

namespace RabbitTopics.StandaloneWorker.Binding;

/// <summary>Reads a JSON body as the type that is asked for. Comes last, as it takes every type.</summary>
internal sealed class JsonBodyConverter(JsonBody json) : IInputConverter
{
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context)
    {
        if (context.Source is not ReadOnlyMemory<byte> body)
        {
            return new(ConversionResult.Unhandled());
        }

        try
        {
            return new(json.Read(body.Span, context.TargetType) is { } value
                ? ConversionResult.Success(value)
                : ConversionResult.Failed(new JsonException("The body is a JSON null.")));
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            return new(ConversionResult.Failed(exception));
        }
    }
}
