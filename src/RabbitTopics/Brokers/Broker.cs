using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Connections;
using RabbitTopics.Publishing;
using RabbitTopics.Telemetry;
using RabbitTopics.Topology;

namespace RabbitTopics.Brokers;

/// <summary>One broker and the app's two connections to it: a publisher that the broker holds back (its memory or disk
/// alarm blocks whole connections) must not stop acknowledgements.</summary>
internal sealed partial class Broker : IAsyncDisposable
{
    private const string DeliveryLimit = "x-delivery-limit";

    /// <summary>A fault that comes back at once must not spin.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly BrokerConnection _publishing;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, bool> _limited = new();

    /// <summary>The declares under way, by queue.</summary>
    private readonly Dictionary<string, Task> _declaring = [];

    /// <summary>A broker; nothing is opened yet.</summary>
    public Broker(BrokerEndpoint endpoint, AppTopology topology, TopologyMode mode, RabbitTopicsOptions options, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var logger = loggers.CreateLogger<BrokerConnection>();
        _logger = new SafeLogger(logger);
        Endpoint = endpoint;
        Mode = mode;
        Consuming = new BrokerConnection(endpoint, "consuming", logger);
        _publishing = new BrokerConnection(endpoint, "publishing", logger);
        Publisher = new ConfirmedPublisher(_publishing,
            (exchange, channel, cancellationToken) => TopologyDeclarer.ApplyExchangesAsync(
                channel, topology.ExchangesOn(endpoint.SettingName).Where(known => known.Name == exchange), Mode, cancellationToken),
            options.MaxPublishesInFlight, options.MaxPublishBacklogBytes);
        Copies = new ConfirmedPublisher(_publishing, static (_, _, _) => Task.CompletedTask, mostInFlight: int.MaxValue);
    }

    /// <summary>A broker in memory: no connection is opened and nothing is declared.</summary>
    public Broker(BrokerEndpoint endpoint, MessagePublisher publisher, MessagePublisher copies, ILogger logger)
    {
        _logger = new SafeLogger(logger);
        Endpoint = endpoint;
        Mode = TopologyMode.None;
        Consuming = new BrokerConnection(endpoint, "consuming", logger);
        _publishing = new BrokerConnection(endpoint, "publishing", logger);
        Publisher = publisher;
        Copies = copies;
    }

    /// <summary>Where the broker is.</summary>
    public BrokerEndpoint Endpoint { get; }

    /// <summary>What the app does about the exchanges and queues that it needs there.</summary>
    public TopologyMode Mode { get; }

    /// <summary>Whether its quorum queues drop or dead-letter a message after 20 returns unless they are told not to
    /// (https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling, RabbitMQ 4.0). False before the first connection.</summary>
    public bool LimitsDeliveries => Consuming.ServerVersion is { Major: >= 4 };

    /// <summary>Whether one of the connections was asked for and is not open.</summary>
    public bool IsDown => Consuming.IsDown || _publishing.IsDown;

    /// <summary>The connection that consumers use.</summary>
    public BrokerConnection Consuming { get; }

    /// <summary>Publishes on a connection of its own.</summary>
    public MessagePublisher Publisher { get; }

    /// <summary>Publishes copies of deliveries. Apart from the app's own publishes, and with no limit but that of the deliveries: a copy is waited for as
    /// long as it takes, and one that the broker does not confirm must keep nothing else from being published.</summary>
    public MessagePublisher Copies { get; }

    /// <summary>Why the broker takes no messages at the moment; null while it does.</summary>
    public string? PublishingBlockedReason => _publishing.BlockedReason;

    /// <summary>Does something on a channel of its own: what the broker refuses closes that channel and no other. On the consuming
    /// connection, as the broker reads nothing from a publishing one while it is low on memory, and consumers must be able to start
    /// then.</summary>
    internal async Task UseChannelAsync(Func<IChannel, Task> use, CancellationToken cancellationToken)
    {
        var connection = await Consuming.GetOpenAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await use(channel);
    }

    /// <summary>How many messages of a queue wait, and how many consumers it has; null where there is no such queue.</summary>
    /// <exception cref="OperationInterruptedException">It may not be looked at (403), or is another connection's own (405).</exception>
    internal async Task<(uint Messages, uint Consumers)?> TryCountAsync(string queue, CancellationToken cancellationToken)
    {
        try
        {
            var counts = (Messages: 0u, Consumers: 0u);
            await UseChannelAsync(async channel =>
            {
                var known = await channel.QueueDeclarePassiveAsync(queue, cancellationToken);
                counts = (known.MessageCount, known.ConsumerCount);
            }, cancellationToken);
            return counts;
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: Constants.NotFound })
        {
            return null;
        }
    }

    /// <summary>Declares a queue. A quorum queue on RabbitMQ 4 is declared without a delivery limit, where the app names none: each look at a
    /// message, each reconnect and each stop counts there, and at the limit the message is dropped, or dead-lettered without our reason.</summary>
    /// <exception cref="OperationInterruptedException">The broker refused: 403, or 406 where it exists with other properties.</exception>
    internal async Task DeclareQueueAsync(string queue, QueueProperties properties, CancellationToken cancellationToken)
    {
        Task DeclareAsync(Dictionary<string, object?> arguments) => UseChannelAsync(channel => channel.QueueDeclareAsync(
            queue, properties.Durable, properties.Exclusive, properties.AutoDelete, arguments, cancellationToken: cancellationToken), cancellationToken);

        await Consuming.GetOpenAsync(cancellationToken); // Which tells the version.
        var arguments = new Dictionary<string, object?>(properties.Arguments);
        if (!LimitsDeliveries || !properties.IsQuorum || arguments.ContainsKey(DeliveryLimit) || _limited.ContainsKey(queue))
        {
            await DeclareAsync(arguments);
            return;
        }

        try
        {
            await DeclareAsync(new(arguments) { [DeliveryLimit] = -1 });
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: 406 })
        {
            await DeclareAsync(arguments); // It is from before RabbitMQ 4, or another program's.
            if (_limited.TryAdd(queue, true))
            {
                WarnOfDeliveryLimit(queue);
            }
        }
    }

    /// <summary>Publishes a message to a queue of the app's own, and makes the queue where the broker has none.</summary>
    /// <param name="publisher">One of this broker's.</param>
    /// <param name="publish">The message, to the default exchange and mandatory.</param>
    /// <param name="arguments">The queue's arguments, where it is to be made.</param>
    /// <param name="mayDiffer">Whether one that is made meanwhile may be of any kind.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="TopicPublishException">The broker did not take the message; the type says why.</exception>
    internal async Task PublishToQueueAsync(MessagePublisher publisher, Publish publish, Dictionary<string, object?> arguments, bool mayDiffer, CancellationToken cancellationToken)
    {
        try
        {
            await publisher.PublishAsync(publish, cancellationToken);
        }
        catch (TopicPublishException exception) when (Mode == TopologyMode.Declare && exception is PublishReturnedException or PublishNackedException)
        {
            // It is not there, or somebody is making it at this moment: a quorum queue that has no leader yet takes nothing.
            await EnsureQueueAsync(publish.RoutingKey, arguments, mayDiffer, publish.TimeLeft, cancellationToken);
            await publisher.PublishAsync(publish.Again(), cancellationToken);
        }
    }

    /// <summary>Declares a durable queue before a message is published to it, or checks that it exists if the app declares nothing. A connection that is
    /// lost meanwhile is waited for.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="mayDiffer">Whether one that is there already may be of any kind.</param>
    /// <param name="within">How long it may take.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="TopicPublishException">The broker refused, or was not to be reached in time; the message names the queue.</exception>
    internal async Task EnsureQueueAsync(string queue, Dictionary<string, object?> arguments, bool mayDiffer, TimeSpan within, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(within);
        Exception? cause = null;
        while (true)
        {
            try
            {
                await DeclareOnceAsync(queue, arguments, mayDiffer).WaitAsync(limit.Token);
                return;
            }
            catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: 403 or 404 or 405 or 406 } reason)
            {
                throw new PublishRefusedException("", queue, reason.ReplyCode, AccessRefusal.Describe(reason), exception);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Its time is over, or the connection was.
            }
            catch (Exception exception) when (exception is not OperationCanceledException && BrokerFault.Is(exception))
            {
                cause = exception;
            }

            await Task.Delay(RetryDelay, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();

            // A broker that closes the connection because of the declare closes it for all queues of the app, each time.
            if (limit.IsCancellationRequested || cause is ObjectDisposedException or OperationInterruptedException { ShutdownReason: { Initiator: ShutdownInitiator.Peer, ReplyCode: >= 500 } })
            {
                throw new BrokerUnavailableException("", queue, "the queue could not be declared.", cause);
            }
        }
    }

    /// <summary>Begins to declare a queue, unless that is under way: thousands of messages may need the same one at once, and each declare is a
    /// channel.</summary>
    private Task DeclareOnceAsync(string queue, Dictionary<string, object?> arguments, bool mayDiffer)
    {
        lock (_declaring)
        {
            return _declaring.TryGetValue(queue, out var underWay) ? underWay : (_declaring[queue] = Task.Run(DeclareAsync).Observed());
        }

        async Task DeclareAsync()
        {
            try
            {
                // A delivery limit on a retry queue is harmless: nobody consumes it, and at the limit it dead-letters the message to its queue.
                await (Mode != TopologyMode.Declare ? UseChannelAsync(channel => channel.QueueDeclarePassiveAsync(queue), CancellationToken.None)
                    : mayDiffer ? DeclareQueueAsync(queue, new QueueProperties { Arguments = arguments }, CancellationToken.None)
                    : UseChannelAsync(channel => channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments), CancellationToken.None));
            }
            catch (OperationInterruptedException exception) when (mayDiffer && exception.ShutdownReason is { ReplyCode: 406 })
            {
                // It exists with other properties, which will do.
            }
            finally
            {
                lock (_declaring)
                {
                    _declaring.Remove(queue);
                }
            }
        }
    }

    /// <summary>Logs that a quorum queue may have a delivery limit at which it drops messages, and how to remove it.</summary>
    internal void WarnOfDeliveryLimit(string queue) =>
        DeliveryLimitPossible(queue, Endpoint, queue.Replace(".", "[.]", StringComparison.Ordinal), """{"delivery-limit": -1}""");

    /// <summary>Closes both connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await Consuming.DisposeAsync();
        await Publisher.DisposeAsync();
        await Copies.DisposeAsync();
        await _publishing.DisposeAsync();
    }

    [LoggerMessage(LogLevel.Warning, "Quorum queue '{Queue}' at {Endpoint} may have RabbitMQ 4's delivery limit: a message that was returned 20 times is dropped, or goes to the queue's dead-letter exchange. "
        + "To have no limit, run: rabbitmqctl set_policy --apply-to quorum_queues rabbittopics-limit '^{Pattern}$' '{Definition}' (docs/brokers.md).")]
    private partial void DeliveryLimitPossible(string queue, BrokerEndpoint endpoint, string pattern, string definition);
}
