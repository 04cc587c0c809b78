namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>A message was neither handled nor copied to where it belongs: the invocation has to fail, so that Microsoft's host keeps
/// the message.</summary>
internal sealed class HostDeliveryNotSettledException(string function, Exception? innerException)
    : Exception($"Function '{function}' did not handle its message, and no copy of it could be published; the host keeps it.", innerException);
