namespace RabbitTopics.Messages;

/// <summary>What a handler in another process threw.</summary>
/// <param name="typeName">The full name of the exception's type there.</param>
/// <param name="message">Its message.</param>
/// <param name="stack">Its stack.</param>
internal sealed class RemoteException(string typeName, string message, string? stack) : Exception(message)
{
    /// <summary>Whether that process says that no other attempt can help.</summary>
    public bool IsNonRetryable { get; init; }

    /// <inheritdoc/>
    public override string? StackTrace => stack;

    /// <summary>The full name of the type of what was thrown, wherever that was.</summary>
    public static string? TypeNameOf(Exception? exception) => exception is RemoteException remote ? remote.TypeName : exception?.GetType().FullName;

    private string TypeName => typeName;
}
