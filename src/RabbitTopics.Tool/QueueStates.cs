using System.Text.RegularExpressions;
using RabbitTopics.Topology;

namespace RabbitTopics.Tool;

/// <summary>A queue of a function and those beside it. Null is what is not known, or not there.</summary>
/// <param name="Queue">Its name.</param>
/// <param name="Messages">How many messages wait or are at work; without the management API those that wait.</param>
/// <param name="Consumers">How many consumers it has.</param>
/// <param name="Retrying">How many messages wait for another attempt.</param>
/// <param name="Parked">How many messages are dead letters.</param>
/// <param name="In">How many messages a second come in.</param>
/// <param name="Out">How many messages a second are done.</param>
internal sealed record QueueState(string Queue, long? Messages, long? Consumers, long? Retrying, long? Parked, double? In = null, double? Out = null);

/// <summary>Asks the broker for the state of queues.</summary>
internal static partial class QueueStates
{
    /// <summary>The state of the queues of these names; with the management API, where no name is given, of all.</summary>
    /// <exception cref="InvalidOperationException">There is no name and no management API, or that does not answer.</exception>
    public static async Task<IReadOnlyList<QueueState>> ReadAsync(Session session, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        if (session.Management is not { } management)
        {
            return await Task.WhenAll(names.Select(name => AskAsync(session, name, cancellationToken)));
        }

        var all = (await management.QueuesAsync(cancellationToken)).ToLookup(queue => BesideIts().Match(queue.Name) is { Success: true } beside ? beside.Groups[1].Value : queue.Name);
        IEnumerable<string> chosen = names.Count > 0 ? names : all.Select(group => group.Key).Where(name => !name.StartsWith("amq.", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        return [.. chosen.Select(State)];

        QueueState State(string name)
        {
            var own = all.SelectMany(group => group).FirstOrDefault(queue => queue.Name == name);
            var dead = all[name].FirstOrDefault(queue => queue.Name == DeadLetterQueue.Name(name));
            var retries = all[name].Where(queue => queue != own && queue != dead).ToList();
            return new QueueState(name, own?.Messages, own?.Consumers, retries.Count > 0 ? retries.Sum(queue => queue.Messages) : null, dead?.Messages, own?.In, own?.Out);
        }
    }

    private static async Task<QueueState> AskAsync(Session session, string name, CancellationToken cancellationToken)
    {
        var own = await session.Broker.TryCountAsync(name, cancellationToken);
        var dead = await session.Broker.TryCountAsync(DeadLetterQueue.Name(name), cancellationToken);
        var retries = await Task.WhenAll(new ErrorPolicy().Delays.Select(delay => session.Broker.TryCountAsync(RetryQueue.Name(name, delay), cancellationToken)));
        return new QueueState(name, own?.Messages, own?.Consumers, retries.Any(retry => retry is not null) ? retries.Sum(retry => retry?.Messages ?? 0) : null, dead?.Messages);
    }

    /// <summary>The name of a queue beside another.</summary>
    [GeneratedRegex(@"^(.+)(?:\.dead|\.retry\.[0-9]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex BesideIts();
}
