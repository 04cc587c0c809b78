using RabbitMQ.Client;

namespace RabbitTopics.Messages;

/// <summary>What all deliveries of one consumer have in common.</summary>
/// <param name="Queue">The queue that they are taken from.</param>
/// <param name="Handler">The name of the handler that they are for.</param>
/// <param name="TopicHeader">The name of the topic header.</param>
/// <param name="NewActions">Makes what a handler settles a delivery with. Few handlers ask for it.</param>
internal sealed record DeliverySource(string Queue, string Handler, string TopicHeader, Func<Delivery, TopicMessageActions> NewActions);

/// <summary>A message as the broker delivered it to a consumer.</summary>
internal sealed class Delivery
{
    private readonly DeliverySource _source;
    private readonly ReadOnlyMemory<byte> _body;
    private readonly string _exchange = "";
    private readonly string _routingKey = "";
    private readonly bool _redelivered;
    private TopicMessage? _message;
    private TopicMessageActions? _actions;

    /// <summary>A delivery whose envelope is read when it is first looked at.</summary>
    /// <param name="source">Where it is from.</param>
    /// <param name="redelivered">Whether the broker delivered it before.</param>
    /// <param name="exchange">Its exchange.</param>
    /// <param name="routingKey">Its routing key.</param>
    /// <param name="properties">Its properties and headers, as they were on the wire.</param>
    /// <param name="body">The body, which nobody else changes.</param>
    public Delivery(DeliverySource source, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        _source = source;
        _redelivered = redelivered;
        _exchange = exchange;
        _routingKey = routingKey;
        _body = body;
        RawProperties = properties;
    }

    /// <summary>A delivery whose envelope was read elsewhere.</summary>
    /// <param name="source">Where it is from.</param>
    /// <param name="message">The message.</param>
    /// <param name="properties">Its properties and headers, as they were on the wire.</param>
    public Delivery(DeliverySource source, TopicMessage message, IReadOnlyBasicProperties properties)
    {
        _source = source;
        _message = message;
        RawProperties = properties;
    }

    /// <summary>The queue it was taken from.</summary>
    public string Queue => _source.Queue;

    /// <summary>The name of the handler that it is for.</summary>
    public string Handler => _source.Handler;

    /// <summary>The name of the topic header.</summary>
    public string TopicHeader => _source.TopicHeader;

    /// <summary>The consumer that it was delivered to.</summary>
    public string ConsumerTag { get; init; } = "";

    /// <summary>The number of the delivery on its channel.</summary>
    public ulong DeliveryTag { get; init; }

    /// <summary>When its handling began.</summary>
    public DateTimeOffset Time { get; set; }

    /// <summary>The properties and the headers with the types that they had on the wire, for a faithful copy.</summary>
    public IReadOnlyBasicProperties RawProperties { get; }

    /// <summary>The message, its topic resolved.</summary>
    public TopicMessage Message => _message ??= ReadMessage();

    /// <summary>Why the envelope of <see cref="Message"/> could not be read; null where it could.</summary>
    public Exception? Obstacle { get; private set; }

    /// <summary>How often the broker delivered it before, as a quorum queue counts it; null in another queue, and for the first time
    /// (https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling).</summary>
    public long? BrokersCount =>
        _redelivered && RawProperties.Headers is { } headers && headers.TryGetValue(HeaderNames.DeliveryCount, out var count) ? AmqpValue.Count(count) : null;

    /// <summary>Lets the handler settle the message itself.</summary>
    public TopicMessageActions Actions => _actions ?? Interlocked.CompareExchange(ref _actions, _source.NewActions(this), null) ?? _actions;

    /// <summary>The actions where the handler has asked for them.</summary>
    public TopicMessageActions? ActionsInUse => _actions;

    private TopicMessage ReadMessage()
    {
        try
        {
            return Envelope.Read(HeaderTable.Read(RawProperties.Headers), RawProperties, _exchange, _routingKey, _redelivered, _body, TopicHeader);
        }
        catch (Exception exception)
        {
            // Whatever a publisher puts into a header, the consumer goes on.
            Obstacle = exception;
            return new TopicMessage { Topic = _routingKey, Body = _body, Exchange = _exchange, RoutingKey = _routingKey };
        }
    }
}
