using RabbitTopics.Connections;

namespace RabbitTopics.Functions.Binding;

/// <summary>Publishes what a function leaves in a <c>[TopicOutput]</c>. A <see cref="TopicMessage"/> goes to its own topic.</summary>
internal sealed class TopicOutputWriter(ITopicPublisher publisher, SettingReferences settings)
{
    public Task WriteAsync(TopicOutputAttribute output, object value, CancellationToken cancellationToken) => publisher.PublishAsync(
        value is TopicMessage message ? message.Topic : settings.Resolve(output.Topic),
        value,
        new PublishOptions
        {
            Exchange = output.Exchange is { } exchange ? settings.Resolve(exchange) : null,
            Mandatory = output.MandatoryIfSet,
            ConnectionStringSetting = output.ConnectionStringSetting,
        },
        cancellationToken);
}
