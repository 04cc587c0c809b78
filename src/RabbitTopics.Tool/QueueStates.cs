using System.CommandLine;
using System.CommandLine.Parsing;
using RabbitTopics.Topology;

namespace RabbitTopics.Tool;

/// <summary>A queue of a function and those beside it. Null is what is not known, or not there.</summary>
/// <param name="Queue">Its name.</param>
/// <param name="Exists">Whether it is there.</param>
/// <param name="Messages">How many messages wait or are at work; without the management API those that wait.</param>
/// <param name="Consumers">How many consumers it has.</param>
/// <param name="Retrying">How many messages wait for another attempt.</param>
/// <param name="Parked">How many messages are dead letters.</param>
/// <param name="In">How many messages a second come in.</param>
/// <param name="Out">How many messages a second are done.</param>
internal sealed record QueueState(string Queue, bool Exists, long? Messages, long? Consumers, long? Retrying, long? Parked, double? In = null, double? Out = null);

/// <summary>Asks the broker for the state of queues.</summary>
internal static class QueueStates
{
    /// <summary>Requires names where there is no management API: AMQP does not list queues.</summary>
    public static void Require(CommandResult command, Argument<string[]> names)
    {
        if (command.GetValue(names) is not { Length: > 0 } && command.GetValue(ManagementApi.Address) is null)
        {
            command.AddError("Name a QUEUE, or the broker's management API with --management, which lists them.");
        }
    }

    /// <summary>The state of the queues of these names; with the management API, where no name is given, of all.</summary>
    /// <exception cref="InvalidOperationException">The management API does not answer.</exception>
    public static async Task<IReadOnlyList<QueueState>> ReadAsync(Session session, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        if (session.Management is not { } management)
        {
            return await Task.WhenAll(names.Select(name => AskAsync(session, name, cancellationToken)));
        }

        var all = (await management.QueuesAsync(cancellationToken)).ToDictionary(queue => queue.Name);
        var beside = all.Values.ToLookup(queue => (DeadLetterQueue.ReadQueue(queue.Name) ?? RetryQueue.ReadQueue(queue.Name)) is { } name && all.ContainsKey(name) ? name : null);
        IEnumerable<string> chosen = names.Count > 0 ? names : beside[null].Select(queue => queue.Name).Where(name => !name.StartsWith("amq.", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        return [.. chosen.Select(State)];

        QueueState State(string name)
        {
            var own = all.GetValueOrDefault(name);
            var dead = all.GetValueOrDefault(DeadLetterQueue.Name(name));
            var retries = beside[name].Where(queue => queue != dead).ToList();
            return new QueueState(name, own is not null, own?.Messages, own?.Consumers, retries.Count > 0 ? retries.Sum(queue => queue.Messages) : null, dead?.Messages, own?.In, own?.Out);
        }
    }

    private static async Task<QueueState> AskAsync(Session session, string name, CancellationToken cancellationToken)
    {
        var own = await session.Broker.TryCountAsync(name, cancellationToken);
        var dead = await session.Broker.TryCountAsync(DeadLetterQueue.Name(name), cancellationToken);
        var retries = await Task.WhenAll(new ErrorPolicy().Delays.Select(delay => session.Broker.TryCountAsync(RetryQueue.Name(name, delay), cancellationToken)));
        return new QueueState(name, own is not null, own?.Messages, own?.Consumers, retries.Any(retry => retry is not null) ? retries.Sum(retry => retry?.Messages ?? 0) : null, dead?.Messages);
    }
}
