namespace Microsoft.Azure.Functions.Worker;

/// <summary>A parameter of a function cannot be given a value of its type.</summary>
public class FunctionInputConverterException : FunctionWorkerException
{
    /// <summary>Says which parameter, and what is wrong.</summary>
    /// <param name="message">What is wrong.</param>
    public FunctionInputConverterException(string? message)
        : base(message)
    {
    }

    /// <summary>Says which parameter, and what is wrong and why.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="innerException">Why, as the converter put it.</param>
    public FunctionInputConverterException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
