using System.Globalization;
using Microsoft.Azure.Functions.Worker.Converters;

namespace RabbitTopics.StandaloneWorker.Binding;

/// <summary>Gives a value that already has the type that is asked for, or an entry of the binding data, which is text, as the
/// simple type of a parameter of its name.</summary>
internal sealed class BindingDataConverter : IInputConverter
{
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context) => new(Convert(context));

    private static ConversionResult Convert(ConverterContext context)
    {
        if (context.TargetType.IsInstanceOfType(context.Source))
        {
            return ConversionResult.Success(context.Source);
        }

        if (context.Source is not string text)
        {
            return ConversionResult.Unhandled();
        }

        if (context.TargetType == typeof(bool))
        {
            return bool.TryParse(text, out var flag) ? ConversionResult.Success(flag) : ConversionResult.Unhandled();
        }

        if (context.TargetType == typeof(ulong))
        {
            return ulong.TryParse(text, CultureInfo.InvariantCulture, out var number) ? ConversionResult.Success(number) : ConversionResult.Unhandled();
        }

        if (context.TargetType == typeof(long))
        {
            return long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? ConversionResult.Success(number) : ConversionResult.Unhandled();
        }

        if (context.TargetType == typeof(int))
        {
            return int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? ConversionResult.Success(number) : ConversionResult.Unhandled();
        }

        return ConversionResult.Unhandled();
    }
}
