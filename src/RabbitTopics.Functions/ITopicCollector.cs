namespace RabbitTopics.Functions;

/// <summary>A parameter with <c>[TopicOutput]</c>: publishes messages while the function runs. The invocation succeeds, and the
/// trigger's message is settled as done, only after the broker has taken every one of them, also those that the function did
/// not await; one that fails is a failure of the invocation. To go on after a failed publish, use
/// <see cref="ITopicPublisher"/>.</summary>
/// <typeparam name="T">The type of the messages. A <see cref="TopicMessage"/> goes to its own topic with its own headers and
/// properties. A function may have one collector for a type.</typeparam>
public interface ITopicCollector<in T>
{
    /// <summary>Publishes a message; returns when the broker has it and routed it. Calls need not be awaited one by one to keep
    /// their order.</summary>
    /// <param name="message">The body, as <see cref="TopicOutputAttribute"/> writes it; null is refused.</param>
    /// <param name="cancellationToken">Gives up waiting; the broker may then have the message or not.</param>
    /// <exception cref="InvalidOperationException">The invocation is over.</exception>
    /// <exception cref="TopicPublishException">The broker did not take the message, or not in time; the type says
    /// why.</exception>
    Task AddAsync(T message, CancellationToken cancellationToken = default);
}
