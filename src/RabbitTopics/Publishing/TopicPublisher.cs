using System.Text;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Connections;
using RabbitTopics.Messages;
using RabbitTopics.Topology;

namespace RabbitTopics.Publishing;

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
        if (options.Timeout is { } timeout && (timeout <= TimeSpan.Zero || timeout > ErrorPolicy.LongestDelay))
        {
            throw new ArgumentException($"PublishOptions.Timeout is {timeout}. Give it a time of up to {ErrorPolicy.LongestDelay.TotalDays:0} days.", nameof(options));
        }

        var exchange = options.Exchange ?? app.Exchange;
        var (body, contentType) = OutgoingMessage.Body(value, json);
        if (body.Length > app.MaxMessageBytes)
        {
            throw new MessageTooLargeException(exchange, topic, body.Length, app.MaxMessageBytes);
        }

        var properties = OutgoingMessage.Properties(topic, value, contentType, options, app.TopicHeader, time.GetUtcNow());
        var broker = brokers.Get(options.ConnectionStringSetting ?? app.ConnectionStringSetting);
        var terms = new PublishTerms(options.Timeout ?? app.PublishTimeout, options.Mandatory, options.Resend);
        return options.Delay is { } delay && delay != TimeSpan.Zero
            ? PublishLaterAsync(broker, exchange, topic, RetryQueue.Round(delay), properties, body, terms, cancellationToken)
            : broker.Publisher.PublishAsync(exchange, topic, properties, body, terms, cancellationToken);
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

    /// <summary>Publishes to the queue of a delay, from which the broker moves the message to its topic. The queue is made each time:
    /// somebody may have deleted it, and to make one that is there costs a round trip.</summary>
    private static async Task PublishLaterAsync(Broker broker, string exchange, string topic, TimeSpan delay, BasicProperties properties,
        ReadOnlyMemory<byte> body, PublishTerms terms, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(delay, ErrorPolicy.LongestDelay);
        var queue = RetryQueue.NameOfDelayed(exchange, topic, delay);
        if (broker.Mode == TopologyMode.Declare)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(terms.Timeout);
            try
            {
                await broker.UseChannelAsync(channel => channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false,
                    RetryQueue.Arguments(exchange, topic, delay), cancellationToken: limit.Token), limit.Token);
            }
            catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: 403 or 406 } reason)
            {
                throw new PublishRefusedException("", queue, reason.ReplyCode, AccessRefusal.Describe(reason), exception);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested
                && exception is OperationCanceledException or RabbitMQClientException or IOException or ObjectDisposedException or TimeoutException)
            {
                throw new BrokerUnavailableException("", queue, "the queue of its delay could not be made.", exception);
            }
        }

        await broker.Publisher.PublishAsync("", queue, properties, body, terms with { Mandatory = true }, cancellationToken);
    }
}
