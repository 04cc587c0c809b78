using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RabbitTopics.Connections;

namespace RabbitTopics.Deduplication;

/// <summary>Keeps a handler from handling a message twice, by its id: what was handled is remembered after it succeeded, so that a
/// process which ends in between handles it again rather than not at all.</summary>
internal sealed partial class Deduplicator(IDeduplicationStore store, ILogger<Deduplicator> logger)
{
    /// <summary>How long the store may take to record a message.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(string Handler, string Id), Task> _running = new();

    /// <summary>Runs the handler unless it has handled the message. A message without an id is always handled.</summary>
    /// <param name="handler">The handler: a function's name.</param>
    /// <param name="message">The message.</param>
    /// <param name="actions">What the handler can do with it.</param>
    /// <param name="handle">The handler.</param>
    /// <param name="outputsFollow">Whether outputs of the handler are written after this, by a host: a message that comes again may be one whose outputs were not, and is no duplicate.</param>
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
            if (!(outputsFollow && CameBefore(message)) && await store.ContainsAsync(handler, id, cancellationToken))
            {
                DuplicateSkipped(handler, id, message.Topic);
                return;
            }

            await RunAsync(handler, id, actions, handle);
        }
        finally
        {
            _running.TryRemove((handler, id), out _);
            ended.SetResult();
        }
    }

    /// <summary>Whether the message was delivered before; else it can be another one with the same id. What was parked and is put back was, too.</summary>
    private static bool CameBefore(TopicMessage message) => message.Redelivered || message.Attempt > 1 || message.FirstTime is not null;

    private async Task RunAsync(string handler, string id, TopicMessageActions? actions, Func<Task> handle)
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
                await RememberAsync(handler, id);
            }
        }
    }

    /// <summary>Not with the token of the invocation: what is cancelled after it succeeded is done all the same.</summary>
    private async Task RememberAsync(string handler, string id)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await store.AddAsync(handler, id, limit.Token);
        }
        catch (Exception exception)
        {
            HandledMessageNotRecorded(Secret.Hide(exception), handler, id);
        }
    }

    [LoggerMessage(LogLevel.Information, "Handler '{Handler}': the message '{MessageId}' with topic '{Topic}' was handled before, and is done.")]
    private partial void DuplicateSkipped(string handler, string messageId, string topic);

    [LoggerMessage(LogLevel.Error, "Handler '{Handler}' handled the message '{MessageId}', and the store of handled messages failed to record it: if it is delivered again, it is handled again.")]
    private partial void HandledMessageNotRecorded(Exception exception, string handler, string messageId);
}
