using System.Collections.Concurrent;
using RabbitTopics.Connections;

namespace RabbitTopics.Health;

/// <summary>The current state of the app's queues.</summary>
internal sealed class QueueHealth
{
    private readonly ConcurrentDictionary<(string Handler, string Queue, string Kind), string> _problems = new();
    private readonly ConcurrentDictionary<(string Handler, string Queue, string Kind), string> _warnings = new();

    /// <summary>The queues that are not consumed.</summary>
    public IReadOnlyList<QueueProblem> Problems =>
        [.. _problems.Select(problem => new QueueProblem(problem.Key.Handler, problem.Key.Queue, problem.Value)).OrderBy(problem => problem.Handler, StringComparer.Ordinal)];

    /// <summary>Warnings about queues that are consumed.</summary>
    public IReadOnlyList<string> Warnings => [.. _warnings.Values.Order(StringComparer.Ordinal)];

    /// <summary>Sets or clears (null) a warning about a queue that is consumed.</summary>
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

    /// <summary>Sets or clears the problem of a queue.</summary>
    /// <param name="handler">The handler that it is for.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="problem">What keeps it from being consumed; null where nothing does.</param>
    /// <param name="kind">Problems of different kinds are set and cleared apart.</param>
    internal void Report(string handler, string queue, string? problem, string kind = "")
    {
        if (problem is null)
        {
            _problems.TryRemove((handler, queue, kind), out _);
        }
        else
        {
            _problems[(handler, queue, kind)] = Secret.Hide(problem);
        }
    }
}

/// <summary>A queue that is not consumed.</summary>
/// <param name="Handler">The handler that it is for.</param>
/// <param name="Queue">The queue.</param>
/// <param name="Reason">Why not.</param>
internal sealed record QueueProblem(string Handler, string Queue, string Reason);
