namespace RabbitTopics;

/// <summary>A body is not what its content type or content encoding says, or nothing reads it as the type that is asked for. No other
/// attempt can help.</summary>
public sealed class BodyFormatException(string message, Exception? innerException = null) : Exception(message, innerException);
