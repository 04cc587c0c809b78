using System.Text;
using Microsoft.Extensions.Options;
using RabbitTopics.Brokers;
using RabbitTopics.Messages;
using RabbitTopics.Publishing;
using RabbitTopics.Topology;

namespace RabbitTopics.Topics;

/// <summary>Serializes values and publishes them to the app's brokers.</summary>
internal sealed class TopicPublisher(AppBrokers brokers, JsonBody json, IOptions<RabbitTopicsOptions> appOptions, TimeProvider time) : ITopicPublisher
{
    private const int LongestRoutingKey = 255; // AMQP 0-9-1: a short string.

    private static readonly PublishOptions Defaults = new();

    public Task PublishAsync(string topic, object value, PublishOptions? options, CancellationToken cancellationToken)
    {
        try
        {
            return StartAsync(topic, value, options ?? Defaults, cancellationToken);
        }
        catch (Exception exception)
        {
            return Task.FromException(exception); // Earlier publishes may be in progress, and their caller awaits all of them.
        }
    }

    public Task PublishAsync(TopicMessage message, PublishOptions? options, CancellationToken cancellationToken) =>
        PublishAsync(message?.Topic!, message!, options, cancellationToken);

    public async Task PublishAllAsync(IEnumerable<TopicMessage> messages, PublishOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var publishes = new List<Task>();
        var awaited = 0;
        try
        {
            foreach (var message in messages)
            {
                var publish = PublishAsync(message, options, cancellationToken);
                while (publish is { IsFaulted: true, Exception.InnerException: PublishBacklogException } && awaited < publishes.Count)
                {
                    await publishes[awaited++].ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Makes room: they are this call's own.
                    publish = PublishAsync(message, options, cancellationToken);
                }

                publishes.Add(publish);
            }
        }
        catch (Exception exception)
        {
            publishes.Add(Task.FromException(exception)); // Of the enumeration.
        }

        await Task.WhenAll(publishes);
    }

    private Task StartAsync(string topic, object value, PublishOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentException.ThrowIfNullOrEmpty(topic);
        if (Encoding.UTF8.GetByteCount(topic) > LongestRoutingKey)
        {
            throw new ArgumentException($"The topic '{topic[..40]}…' is longer than {LongestRoutingKey} bytes.", nameof(topic));
        }

        var app = appOptions.Value;
        if (options.Timeout is { } timeout && (timeout <= TimeSpan.Zero || timeout > ErrorPolicy.LongestDelay))
        {
            throw new ArgumentException($"PublishOptions.Timeout is {timeout}. Give it a time of up to {ErrorPolicy.LongestDelay.TotalDays:0} days.", nameof(options));
        }

        if (options.Delay is { } asked && (asked < TimeSpan.Zero || asked > ErrorPolicy.LongestDelay))
        {
            throw new ArgumentException($"PublishOptions.Delay is {asked}. Give it a time of up to {ErrorPolicy.LongestDelay.TotalDays:0} days.", nameof(options));
        }

        var exchange = options.Exchange ?? app.Exchange;
        var (body, contentType) = OutgoingMessage.Body(value, json, options.AsJson ?? app.PublishAllAsJson);
        if (body.Length > app.MaxMessageBytes)
        {
            throw new MessageTooLargeException(exchange, topic, $"its body has {body.Length} bytes, and MaxMessageBytes is {app.MaxMessageBytes}.");
        }

        var properties = OutgoingMessage.Properties(topic, value, contentType, options, app.TopicHeader, time.GetUtcNow());
        var broker = brokers.Get(options.ConnectionStringSetting ?? app.ConnectionStringSetting);
        var delay = RetryQueue.Round(options.Delay ?? TimeSpan.Zero);
        if (delay != TimeSpan.Zero && properties.IsExpirationPresent())
        {
            throw new ArgumentException("A message has both a Delay and an Expiration, and the broker would end the delay at the expiration. Leave one of the two.", nameof(options));
        }

        var publish = new Publish(
            delay == TimeSpan.Zero ? exchange : "", delay == TimeSpan.Zero ? topic : RetryQueue.NameOfDelayed(exchange, topic, delay), properties, body)
        {
            Timeout = options.Timeout ?? app.PublishTimeout,
            Mandatory = (options.Mandatory ?? app.Mandatory) || delay != TimeSpan.Zero,
            Resend = options.Resend,
        };
        return delay == TimeSpan.Zero
            ? broker.Publisher.PublishAsync(publish, cancellationToken)
            : PublishLaterAsync(broker, publish, RetryQueue.Arguments(exchange, topic, delay), cancellationToken);
    }

    /// <summary>Publishes to the queue of a delay, from which the broker moves the message to its topic. The queue is made each time:
    /// somebody may have deleted it, and to make one that is there costs a round trip.</summary>
    private static async Task PublishLaterAsync(Broker broker, Publish publish, Dictionary<string, object?> arguments, CancellationToken cancellationToken)
    {
        if (broker.Mode == TopologyMode.Declare)
        {
            await broker.EnsureQueueAsync(publish.RoutingKey, arguments, mayDiffer: false, publish.TimeLeft, cancellationToken);
        }

        await broker.Publisher.PublishAsync(publish, cancellationToken);
    }
}
