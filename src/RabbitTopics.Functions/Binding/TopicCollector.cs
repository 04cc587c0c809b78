namespace RabbitTopics.Functions.Binding;

/// <summary>The collector of one parameter in one invocation.</summary>
internal sealed class TopicCollector<T>(TopicOutputWriter writer, TopicOutputAttribute output, CollectedPublishes publishes) : ITopicCollector<T>
{
    public Task AddAsync(T message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        return publishes.Add(() => writer.WriteAsync(output, message, cancellationToken));
    }
}
