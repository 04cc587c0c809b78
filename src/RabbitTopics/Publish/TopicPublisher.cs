using System.Text;
using Microsoft.Extensions.Options;
using RabbitTopics.Connection;
using RabbitTopics.Messages;

namespace RabbitTopics.Publish;

/// <summary>Serializes values and publishes them to the app's brokers.</summary>
internal sealed class TopicPublisher(Brokers brokers, JsonBody json, IOptions<RabbitTopicsOptions> appOptions) : ITopicPublisher
{
    private const int LongestRoutingKey = 255; // AMQP 0-9-1: a short string.

    public Task PublishAsync(string topic, object value, PublishOptions? options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        ArgumentNullException.ThrowIfNull(value);
        if (Encoding.UTF8.GetByteCount(topic) > LongestRoutingKey)
        {
            throw new ArgumentException($"The topic '{topic[..40]}…' is longer than {LongestRoutingKey} bytes.", nameof(topic));
        }

        var app = appOptions.Value;
        var body = json.Write(value);
        var headers = new MessageHeaders(
        [
            new(app.TopicHeader, topic),
            new(HeaderNames.ContentType, JsonBody.ContentType),
        ]);
        var properties = new MessageProperties
        {
            ContentType = JsonBody.ContentType,
            Persistent = true,
            MessageId = Guid.CreateVersion7().ToString(),
            Timestamp = DateTimeOffset.UtcNow,
        };
        return brokers.Get(options?.ConnectionStringSetting ?? app.ConnectionStringSetting).Publisher.PublishAsync(
            options?.Exchange ?? app.Exchange, topic, properties.Write(headers), body, app.PublishTimeout, cancellationToken);
    }
}
