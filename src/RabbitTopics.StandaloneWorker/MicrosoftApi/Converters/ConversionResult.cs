namespace Microsoft.Azure.Functions.Worker.Converters;

/// <summary>What a converter answers. The default is <see cref="Unhandled"/>.</summary>
public readonly struct ConversionResult
{
    private ConversionResult(ConversionStatus status, object? value, Exception? error)
    {
        Status = status;
        Value = value;
        Error = error;
    }

    /// <summary>How it went.</summary>
    public ConversionStatus Status { get; }

    /// <summary>The value, where it succeeded.</summary>
    public object? Value { get; }

    /// <summary>The reason, where it failed.</summary>
    public Exception? Error { get; }

    /// <summary>The converter does not do this.</summary>
    public static ConversionResult Unhandled() => default;

    /// <summary>Here is the value.</summary>
    /// <param name="value">The value.</param>
    public static ConversionResult Success(object? value) => new(ConversionStatus.Succeeded, value, null);

    /// <summary>The converter does this but could not.</summary>
    /// <param name="exception">Why.</param>
    public static ConversionResult Failed(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return new(ConversionStatus.Failed, null, exception);
    }
}
