using Microsoft.Azure.Functions.Worker.Converters;
using RabbitTopics.Messages;

namespace RabbitTopics.StandaloneWorker.Binding;

/// <summary>Gives a body as bytes or text.</summary>
internal sealed class BodyConverter : IInputConverter
{
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context) => new(
        context.Source is ReadOnlyMemory<byte> body && RawBody.TryRead(body, context.TargetType, out var value)
            ? ConversionResult.Success(value)
            : ConversionResult.Unhandled());
}
