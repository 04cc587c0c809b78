using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace RabbitTopics.Deduplication;

/// <summary>Keeps a handler from handling a message twice, by its id: what was handled is remembered after it succeeded, so that a
/// process which ends in between handles it again rather than not at all.</summary>
internal sealed partial class Deduplicator(IDeduplicationStore store, ILogger<Deduplicator> logger)
{
    private readonly ConcurrentDictionary<(string Handler, string Id), Task> _running = new();

    /// <summary>Runs the handler unless it has handled the message. A message without an id is always handled.</summary>
    /// <param name="handler">The handler: a function's name.</param>
    /// <param name="message">The message.</param>
    /// <param name="actions">What the handler can do with it.</param>
    /// <param name="handle">The handler.</param>
    /// <param name="outputsFollow">Whether outputs of the handler are written after this, by a host that makes another attempt where it cannot: that attempt is no duplicate of this one.</param>
    /// <param name="cancellationToken">The invocation's.</param>
    public async Task HandleAsync(
        string handler, TopicMessage message, TopicMessageActions? actions, Func<Task> handle, bool outputsFollow, CancellationToken cancellationToken)
    {
        if (message.Id is not { } id)
        {
            await handle();
            return;
        }

        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (_running.GetOrAdd((handler, id), ended.Task) is var running && running != ended.Task)
        {
            await running.WaitAsync(cancellationToken); // Its twin is being handled.
        }

        try
        {
            var attempt = outputsFollow ? message.Attempt : 1;
            if (await store.ContainsAsync(handler, Key(id, attempt), cancellationToken))
            {
                DuplicateSkipped(handler, id, message.Topic);
                return;
            }

            await RunAsync(handler, id, attempt, actions, handle, cancellationToken);
        }
        finally
        {
            _running.TryRemove((handler, id), out _);
            ended.SetResult();
        }
    }

    /// <summary>What is remembered of a message: its id, and of a further attempt which one it was.</summary>
    private static string Key(string id, int attempt) => attempt == 1 ? id : string.Create(CultureInfo.InvariantCulture, $"{id} (attempt {attempt})");

    private async Task RunAsync(string handler, string id, int attempt, TopicMessageActions? actions, Func<Task> handle, CancellationToken cancellationToken)
    {
        var succeeded = false;
        try
        {
            await handle();
            succeeded = true;
        }
        finally
        {
            // A handler that has settled its message itself has said what became of it.
            if (actions?.IsComplete ?? succeeded)
            {
                await RememberAsync(handler, id, attempt, cancellationToken);
            }
        }
    }

    /// <summary>Remembers this attempt and those before it, of which a duplicate may still come.</summary>
    private async Task RememberAsync(string handler, string id, int attempt, CancellationToken cancellationToken)
    {
        try
        {
            for (; attempt > 0; attempt--)
            {
                await store.AddAsync(handler, Key(id, attempt), cancellationToken);
            }
        }
        catch (Exception exception)
        {
            HandledMessageNotRecorded(exception, handler, id);
        }
    }

    [LoggerMessage(LogLevel.Information, "Handler '{Handler}': the message '{MessageId}' with topic '{Topic}' was handled before, and is done.")]
    private partial void DuplicateSkipped(string handler, string messageId, string topic);

    [LoggerMessage(LogLevel.Error, "Handler '{Handler}' handled the message '{MessageId}', and the store of handled messages failed to record it: if it is delivered again, it is handled again.")]
    private partial void HandledMessageNotRecorded(Exception exception, string handler, string messageId);
}
