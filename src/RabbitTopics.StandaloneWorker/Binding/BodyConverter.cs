using System.Text;
using Microsoft.Azure.Functions.Worker.Converters;

namespace RabbitTopics.StandaloneWorker.Binding;

/// <summary>Gives a body as bytes or text.</summary>
internal sealed class BodyConverter : IInputConverter
{
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context) => new(Convert(context));

    private static ConversionResult Convert(ConverterContext context)
    {
        if (context.Source is not ReadOnlyMemory<byte> body)
        {
            return ConversionResult.Unhandled();
        }

        if (context.TargetType == typeof(ReadOnlyMemory<byte>))
        {
            return ConversionResult.Success(body);
        }

        if (context.TargetType == typeof(byte[]))
        {
            return ConversionResult.Success(body.ToArray());
        }

        return context.TargetType == typeof(string)
            ? ConversionResult.Success(Encoding.UTF8.GetString(body.Span))
            : ConversionResult.Unhandled();
    }
}
