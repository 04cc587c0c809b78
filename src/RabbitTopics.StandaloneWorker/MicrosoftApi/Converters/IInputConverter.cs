namespace Microsoft.Azure.Functions.Worker.Converters;

/// <summary>Gives parameters of functions their values. One object serves all invocations, also at the same time.</summary>
public interface IInputConverter
{
    /// <summary>Converts a value, or answers that it does not do so.</summary>
    /// <param name="context">What there is and what is wanted.</param>
    ValueTask<ConversionResult> ConvertAsync(ConverterContext context);
}
