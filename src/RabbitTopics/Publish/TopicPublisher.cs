using System.Text;
using Microsoft.Extensions.Options;
using RabbitTopics.Connection;
using RabbitTopics.Messages;

namespace RabbitTopics.Publish;

/// <summary>Serializes values and publishes them to the app's brokers.</summary>
internal sealed class TopicPublisher(Brokers brokers, JsonBody json, IOptions<RabbitTopicsOptions> appOptions, TimeProvider time) : ITopicPublisher
{
    private const int LongestRoutingKey = 255; // AMQP 0-9-1: a short string.

    private static readonly PublishOptions Defaults = new();

    public Task PublishAsync(string topic, object value, PublishOptions? options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        ArgumentNullException.ThrowIfNull(value);
        if (Encoding.UTF8.GetByteCount(topic) > LongestRoutingKey)
        {
            throw new ArgumentException($"The topic '{topic[..40]}…' is longer than {LongestRoutingKey} bytes.", nameof(topic));
        }

        var app = appOptions.Value;
        options ??= Defaults;
        var exchange = options.Exchange ?? app.Exchange;
        var (body, contentType) = OutgoingMessage.Body(value, json);
        if (body.Length > app.MaxMessageBytes)
        {
            throw new MessageTooLargeException(exchange, topic, body.Length, app.MaxMessageBytes);
        }

        var properties = OutgoingMessage.Properties(topic, value, contentType, options, app.TopicHeader, time.GetUtcNow());
        return brokers.Get(options.ConnectionStringSetting ?? app.ConnectionStringSetting).Publisher.PublishAsync(
            exchange, topic, properties, body, new PublishTerms(options.Timeout ?? app.PublishTimeout, options.Mandatory, options.Resend), cancellationToken);
    }

    public Task PublishAsync(TopicMessage message, PublishOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        return PublishAsync(message.Topic, message, options, cancellationToken);
    }

    public Task PublishAllAsync(IEnumerable<TopicMessage> messages, PublishOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Task.WhenAll(messages.Select(message => PublishAsync(message, options, cancellationToken)));
    }
}
