using RabbitMQ.Client;

namespace RabbitTopics.Messages;

/// <summary>What all deliveries of one consumer have in common.</summary>
/// <param name="Queue">The queue that they are taken from.</param>
/// <param name="Handler">The name of the handler that they are for.</param>
/// <param name="TopicHeader">The name of the topic header.</param>
/// <param name="NewActions">Makes what a handler settles a delivery with. Few handlers ask for it.</param>
internal sealed record DeliverySource(string Queue, string Handler, string TopicHeader, Func<Delivery, TopicMessageActions> NewActions)
{
    /// <summary>The broker's host and port. Default: none, as where there is no broker.</summary>
    public (string Host, int Port) Server { get; init; } = ("", 0);
}

/// <summary>What the broker knows of what became of a delivery.</summary>
internal enum Settlement
{
    /// <summary>Nothing: it is at work, or waits for that.</summary>
    Open,

    /// <summary>Nothing yet: it is done and about to be acknowledged.</summary>
    Waiting,

    /// <summary>It was told.</summary>
    Told,
}

/// <summary>What is done with a delivery, after the names of the Functions worker's ServiceBusMessageActions.</summary>
internal enum SettleAction
{
    /// <summary>The message is done: acknowledged.</summary>
    Complete,

    /// <summary>A copy that counts the attempt goes to the end of the queue.</summary>
    Requeue,

    /// <summary>A copy that counts the attempt waits in a retry queue until its delay is over.</summary>
    Retry,

    /// <summary>A copy is parked in the dead-letter queue with the reason.</summary>
    DeadLetter,

    /// <summary>The message is dropped.</summary>
    Discard,

    /// <summary>The broker gets the message back as it was, uncounted, and delivers it again.</summary>
    Return,
}

/// <summary>One delivery in the books of its channel. Apart from the message, which need not be kept until the broker was told.</summary>
/// <param name="tag">The number of the delivery on its channel.</param>
/// <param name="channel">The channel.</param>
internal sealed class Receipt(ulong tag, IChannel channel)
{
    public ulong Tag => tag;

    /// <summary>Whether the channel is gone: the broker cannot be told, and delivers the message again.</summary>
    public bool IsLost => !channel.IsOpen;

    public Settlement Settlement { get; set; }
}

/// <summary>A message as the broker delivered it to a consumer.</summary>
internal sealed class Delivery
{
    private readonly DeliverySource _source;
    private readonly PooledBody? _body;
    private TopicMessage? _message;
    private TopicMessageActions? _actions;

    /// <summary>A delivery whose envelope is read when it is first looked at.</summary>
    /// <param name="source">Where it is from.</param>
    /// <param name="redelivered">Whether the broker delivered it before.</param>
    /// <param name="exchange">Its exchange.</param>
    /// <param name="routingKey">Its routing key.</param>
    /// <param name="properties">Its properties and headers, as they were on the wire.</param>
    /// <param name="body">The body.</param>
    public Delivery(DeliverySource source, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, PooledBody body)
    {
        _source = source;
        Redelivered = redelivered;
        Exchange = exchange;
        RoutingKey = routingKey;
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
        Redelivered = message.Redelivered;
        Exchange = message.Exchange;
        RoutingKey = message.RoutingKey;
        RawProperties = properties;
    }

    /// <summary>The queue it was taken from.</summary>
    public string Queue => _source.Queue;

    /// <summary>The name of the handler that it is for.</summary>
    public string Handler => _source.Handler;

    /// <summary>The name of the topic header.</summary>
    public string TopicHeader => _source.TopicHeader;

    /// <summary>The host and port of its broker.</summary>
    public (string Host, int Port) Server => _source.Server;

    /// <summary>The exchange that it came by: "" for a copy of ours, too.</summary>
    public string Exchange { get; }

    /// <summary>The routing key that it came with.</summary>
    public string RoutingKey { get; }

    /// <summary>Whether the broker delivered it before.</summary>
    public bool Redelivered { get; }

    /// <summary>The consumer that it was delivered to.</summary>
    public string ConsumerTag { get; init; } = "";

    /// <summary>The number of the delivery on its channel.</summary>
    public ulong DeliveryTag { get; init; }

    /// <summary>What it is acknowledged by; null where it came by no channel.</summary>
    public Receipt? Receipt { get; init; }

    /// <summary>Whether the broker delivers it again, whatever becomes of it here: it came by a channel that is gone.</summary>
    public bool IsLost => Receipt?.IsLost == true;

    /// <summary>What was done with it.</summary>
    public SettleAction SettledBy { get; private set; }

    /// <summary>Why it is parked; null where it is not.</summary>
    public string? DeadLetterReason { get; private set; }

    /// <summary>The context of the span of its handling, as W3C Trace Context writes it; null where there is none.</summary>
    public string? TraceParent { get; set; }

    /// <summary>When its handling began.</summary>
    public DateTimeOffset Time { get; set; }

    /// <summary>The properties and the headers with the types that they had on the wire, for a faithful copy.</summary>
    public IReadOnlyBasicProperties RawProperties { get; }

    /// <summary>The body; where the envelope was read elsewhere, <see cref="Message"/> has it.</summary>
    public PooledBody Body => _body ?? throw new InvalidOperationException("The message has the body.");

    /// <summary>The message, its topic resolved. Made when it is asked for: few handlers look at more than the body. It keeps the
    /// body.</summary>
    public TopicMessage Message => _message ?? Interlocked.CompareExchange(ref _message, ReadMessage(), null) ?? _message;

    /// <summary>Whether <see cref="Message"/> is made already.</summary>
    public bool HasEnvelope => _message is not null;

    /// <summary>The topic of the message where nobody may make that: a handler may end meanwhile and let go of the body.</summary>
    public string Topic => _message?.Topic ?? Envelope.TopicOf(RawProperties.Headers, Exchange, RoutingKey, TopicHeader);

    /// <summary>The id of the message, likewise; null where it has none.</summary>
    public string? MessageId => RawProperties.MessageId is { Length: > 0 } id ? id : HeaderTable.GetString(RawProperties.Headers, HeaderNames.MessageId);

    /// <summary>Which attempt at the message it is, from 1, likewise.</summary>
    public int Attempt => _message?.Attempt ?? Envelope.AttemptOf(RawProperties.Headers);

    /// <summary>Why the envelope of <see cref="Message"/> could not be read; null where it could, and until that is asked for.</summary>
    public Exception? Obstacle { get; private set; }

    /// <summary>How often the broker delivered it before, as a quorum queue counts it; null in another queue, and for the first time
    /// (https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling).</summary>
    public long? BrokersCount =>
        Redelivered && RawProperties.Headers is { } headers && headers.TryGetValue(HeaderNames.DeliveryCount, out var count) ? AmqpValue.Count(count) : null;

    /// <summary>Lets the handler settle the message itself.</summary>
    public TopicMessageActions Actions => _actions ?? Interlocked.CompareExchange(ref _actions, _source.NewActions(this), null) ?? _actions;

    /// <summary>The actions where the handler has asked for them.</summary>
    public TopicMessageActions? ActionsInUse => _actions;

    /// <summary>Notes what was done with it.</summary>
    public void End(SettleAction action, string? deadLetterReason = null) => (SettledBy, DeadLetterReason) = (action, deadLetterReason);

    /// <summary>Lets go of the body of a message that was handled.</summary>
    public void Release() => _body?.Release();

    private TopicMessage ReadMessage()
    {
        var body = Body.Keep();
        try
        {
            return Envelope.Read(HeaderTable.Read(RawProperties.Headers), RawProperties, Exchange, RoutingKey, Redelivered, body, TopicHeader);
        }
        catch (Exception exception)
        {
            // Whatever a publisher puts into a header, the consumer goes on.
            Obstacle = exception;
            return new TopicMessage { Topic = RoutingKey, Body = body, Exchange = Exchange, RoutingKey = RoutingKey };
        }
    }
}
