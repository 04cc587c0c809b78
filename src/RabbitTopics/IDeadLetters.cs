namespace RabbitTopics;

/// <summary>Looks at what was parked, and puts it back, moves it or deletes it. A service of every app. Thread-safe.</summary>
public interface IDeadLetters
{
    /// <summary>The dead-letter queues beside the queues that the app subscribes to topics, on the broker of its default setting.</summary>
    IReadOnlyList<string> Queues { get; }

    /// <summary>Goes through a dead-letter queue once, from its oldest message, and does with each what is decided. What is published is confirmed before the
    /// message is taken out of the queue: of a program that ends in the middle nothing is lost, and at most <see cref="DeadLetterOptions.MostInFlight"/>
    /// messages are there twice. A message that is kept stays in its place; one in a quorum queue that was returned before is published to the end of its queue anew,
    /// as such a queue may drop a message that is returned too often. A pass that keeps messages must end within the broker's <c>consumer_timeout</c>,
    /// 30 minutes by default: it holds them until it ends.</summary>
    /// <param name="queue">The dead-letter queue: <c>QUEUE.dead</c>, or any other.</param>
    /// <param name="decide">Says what is done with a message. What it throws ends the pass; nothing is done with that message.</param>
    /// <param name="options">How many, how quickly; null for all of those that are there at the beginning, as quickly as the broker confirms.</param>
    /// <param name="cancellationToken">Ends the pass, or the wait for a broker that is down. What was begun is finished; the rest stays, and another pass goes on with it.</param>
    /// <exception cref="InvalidOperationException">There is no such queue, or it may not be read; or a message is to be put back that does not say from where it is.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number of the options is less than one, or not more than zero a second.</exception>
    /// <exception cref="BrokerSettingException">The setting of the broker is missing or is not an AMQP URI.</exception>
    /// <exception cref="TopicPublishException">The broker did not take a message, did not answer, or the connection was lost. What was not confirmed stays in the dead-letter queue, and the pass has ended.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task<DeadLetterSummary> GoThroughAsync(string queue, Func<DeadLetter, DeadLetterAction> decide, DeadLetterOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The oldest messages of a dead-letter queue. They stay there, as those that <see cref="GoThroughAsync"/> keeps.</summary>
    /// <param name="queue">The dead-letter queue.</param>
    /// <param name="most">How many at the most. Default: 100.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InvalidOperationException">There is no such queue, or it may not be read.</exception>
    /// <exception cref="TopicPublishException">The broker did not answer, or the connection was lost.</exception>
    async Task<IReadOnlyList<DeadLetter>> LookAsync(string queue, int most = 100, CancellationToken cancellationToken = default)
    {
        var found = new List<DeadLetter>();
        await GoThroughAsync(queue, letter =>
        {
            found.Add(letter);
            return DeadLetterAction.Keep;
        }, new DeadLetterOptions { Most = most }, cancellationToken);
        return found;
    }
}

/// <summary>How a dead-letter queue is gone through.</summary>
public sealed class DeadLetterOptions
{
    /// <summary>How many messages are looked at at the most. Default: as many as are there at the beginning.</summary>
    public int Most { get; init; } = int.MaxValue;

    /// <summary>How many messages a second are put back, moved or deleted at the most. Default: no limit.</summary>
    public double PerSecond { get; init; } = double.PositiveInfinity;

    /// <summary>How many publishes may wait for the broker's confirm, 1 or more. Default: 100.</summary>
    public int MostInFlight { get; init; } = 100;

    /// <summary>Whether only is counted what would be done; all messages are kept. Default: false.</summary>
    public bool DryRun { get; init; }

    /// <summary>The setting that names the broker. Default: null, that of the app (<see cref="RabbitTopicsOptions.ConnectionStringSetting"/>).</summary>
    public string? ConnectionStringSetting { get; init; }

    /// <summary>Is told how far it is, after each message. Default: nobody is.</summary>
    public IProgress<DeadLetterSummary>? Progress { get; init; }
}

/// <summary>What was done, or would be.</summary>
/// <param name="Seen">How many messages were looked at.</param>
/// <param name="Replayed">How many were put back.</param>
/// <param name="Moved">How many were moved to another queue.</param>
/// <param name="Deleted">How many were deleted.</param>
public sealed record DeadLetterSummary(int Seen, int Replayed, int Moved, int Deleted)
{
    /// <summary>How many stayed.</summary>
    public int Kept => Seen - Replayed - Moved - Deleted;
}
