namespace RabbitTopics;

/// <summary>Remembers which messages were handled, for handlers with <see cref="HandlerOptions.Deduplicate"/>. The default
/// keeps the last <see cref="RabbitTopicsOptions.DeduplicationWindow"/> ids of each handler in the memory of the process; register
/// another as a service to share them between processes or to keep them over a restart. Called side by side.</summary>
public interface IDeduplicationStore
{
    /// <summary>Whether the message was handled. An exception is a failure of the handler: without an answer the message is not
    /// handled.</summary>
    /// <param name="handler">The handler: a function's name.</param>
    /// <param name="messageId">The id of the message.</param>
    /// <param name="cancellationToken">The invocation's.</param>
    ValueTask<bool> ContainsAsync(string handler, string messageId, CancellationToken cancellationToken);

    /// <summary>Remembers that the message was handled. An exception is logged only: the message is done.</summary>
    /// <param name="handler">The handler: a function's name.</param>
    /// <param name="messageId">The id of the message.</param>
    /// <param name="cancellationToken">Cancelled after 10 seconds.</param>
    ValueTask AddAsync(string handler, string messageId, CancellationToken cancellationToken);
}
