using Microsoft.Extensions.Options;
using RabbitTopics.Brokers;
using RabbitTopics.Messages;
using RabbitTopics.Publishing;
using RabbitTopics.Telemetry;
using RabbitTopics.Topology;

namespace RabbitTopics.Topics;

/// <summary>Serializes values and publishes them to the app's brokers.</summary>
internal sealed class TopicPublisher(AppBrokers brokers, JsonBody json, IOptions<RabbitTopicsOptions> appOptions, TimeProvider time) : ITopicPublisher
{
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
        await PublishBatch.RunAsync(messages, message => PublishAsync(message, options, cancellationToken));
    }

    private Task StartAsync(string topic, object value, PublishOptions options, CancellationToken cancellationToken)
    {
        var app = appOptions.Value;
        var message = OutgoingMessage.Of(topic, value, options, app, json, time.GetUtcNow());
        var broker = brokers.Get(options.ConnectionStringSetting ?? app.ConnectionStringSetting);
        var telemetry = PublishTelemetry.Begin(message.Exchange, topic, message.Properties, message.Body.Length, broker.Endpoint.Uri.Host, broker.Endpoint.Port);
        var isDelayed = message.Delay != TimeSpan.Zero;
        var publish = new Publish(
            isDelayed ? "" : message.Exchange, isDelayed ? RetryQueue.NameOfDelayed(message.Exchange, topic, message.Delay) : topic, message.Properties, message.Body)
        {
            Timeout = options.Timeout ?? app.PublishTimeout,
            Mandatory = (options.Mandatory ?? app.Mandatory) || isDelayed,
            Resend = options.Resend,
        };
        var publishing = isDelayed // The broker moves it to its topic from the queue of its delay.
            ? broker.PublishToQueueAsync(broker.Publisher, publish, RetryQueue.Arguments(message.Exchange, topic, message.Delay), mayDiffer: false, cancellationToken)
            : broker.Publisher.PublishAsync(publish, cancellationToken);
        return telemetry?.EndAsync(publishing) ?? publishing;
    }
}
