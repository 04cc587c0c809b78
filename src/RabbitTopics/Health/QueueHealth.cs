using System.Collections.Concurrent;
using RabbitTopics.Connections;

namespace RabbitTopics.Health;

/// <summary>How it is with the app's queues, at the moment.</summary>
internal sealed class QueueHealth
{
    private readonly ConcurrentDictionary<(string Handler, string Queue), string> _problems = new();
    private readonly ConcurrentDictionary<(string Handler, string Queue, string Kind), string> _warnings = new();

    /// <summary>The queues that are not consumed.</summary>
    public IReadOnlyList<QueueProblem> Problems =>
        [.. _problems.Select(problem => new QueueProblem(problem.Key.Handler, problem.Key.Queue, problem.Value)).OrderBy(problem => problem.Handler, StringComparer.Ordinal)];

    /// <summary>What is to be looked at, while the queues are consumed.</summary>
    public IReadOnlyList<string> Warnings => [.. _warnings.Values.Order(StringComparer.Ordinal)];

    /// <summary>Says what is to be looked at with a queue that is consumed; null where there is nothing of the kind.</summary>
    internal void Warn(string handler, string queue, string kind, string? warning)
    {
        if (warning is null)
        {
            _warnings.TryRemove((handler, queue, kind), out _);
        }
        else
        {
            _warnings[(handler, queue, kind)] = warning;
        }
    }

    /// <summary>Says how it is with a queue.</summary>
    /// <param name="handler">The handler that it is for.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="problem">What keeps it from being consumed; null where nothing does.</param>
    internal void Report(string handler, string queue, string? problem)
    {
        if (problem is null)
        {
            _problems.TryRemove((handler, queue), out _);
        }
        else
        {
            _problems[(handler, queue)] = Secret.Hide(problem);
        }
    }
}

/// <summary>A queue that is not consumed.</summary>
/// <param name="Handler">The handler that it is for.</param>
/// <param name="Queue">The queue.</param>
/// <param name="Reason">Why not.</param>
internal sealed record QueueProblem(string Handler, string Queue, string Reason);
