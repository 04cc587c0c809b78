using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.Connections;
using RabbitTopics.Messages;
using RabbitTopics.Settling;

namespace RabbitTopics.Receiving;

/// <summary>The way of one delivery: its envelope is read, the handler runs, within its time, and the outcome is
/// settled.</summary>
internal sealed class DeliveryHandling
{
    private readonly QueueConsumerOptions _options;
    private readonly Func<Delivery, CancellationToken, ValueTask<HandlerResult>> _handler;
    private readonly CopyPublisher _copies;
    private readonly RedeliveryCounter _redeliveries;
    private readonly DeliverySettler _settler;
    private readonly Func<Delivery, TopicMessageActions> _newActions;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<Task, byte> _settling = new();
    private int _redeliveredInARow;

    public DeliveryHandling(Broker broker, QueueConsumerOptions options, Func<Delivery, CancellationToken, ValueTask<HandlerResult>> handler, ILogger logger)
    {
        _options = options;
        _handler = handler;
        _logger = logger;
        _copies = new CopyPublisher(broker, options.Topology?.Properties, TimeProvider.System);
        _redeliveries = new RedeliveryCounter(broker, logger);
        _settler = new DeliverySettler(_copies, options.HandlerOptions, logger);
        _newActions = delivery => new TopicMessageActions(_copies, delivery, options.HandlerOptions);
    }

    /// <summary>What a process was handling when it ended is at the head of the queue: as many as its concurrency, and a few whose
    /// acknowledgement was under way. Where more is before it, that is handled, and the next time it is at the head. A long row of
    /// redelivered messages is the backlog of a broker that was restarted, and to count all of it would take hours.</summary>
    private int RowOfSuspects => (2 * _options.HandlerOptions.Concurrency) + 10;

    /// <summary>Makes what settling will need exist, before a channel's first delivery.</summary>
    public Task PrepareAsync()
    {
        _redeliveredInARow = 0;
        return _options.HandlerOptions.AutoAck ? Task.CompletedTask : _copies.PrepareAsync(_options.Queue, _options.HandlerOptions.OnError);
    }

    /// <summary>Reads what the client library delivered. It reuses its buffers, so that the body is copied.</summary>
    public Delivery Read(string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
        IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        var message = ReadMessage(redelivered, exchange, routingKey, properties, body.ToArray(), out var obstacle);
        _redeliveredInARow = redelivered ? _redeliveredInARow + 1 : 0;
        return new Delivery
        {
            Queue = _options.Queue,
            Handler = _options.Handler,
            ConsumerTag = consumerTag,
            DeliveryTag = deliveryTag,
            RawProperties = properties,
            TopicHeader = _options.TopicHeader,
            Time = DateTimeOffset.UtcNow,
            Message = message,
            Obstacle = obstacle,
            MayHaveEndedAProcess = redelivered && _redeliveredInARow <= RowOfSuspects,
            NewActions = _newActions,
        };
    }

    private TopicMessage ReadMessage(bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, byte[] body, out Exception? obstacle)
    {
        obstacle = null;
        try
        {
            return Envelope.Read(HeaderTable.Read(properties.Headers), properties, exchange, routingKey, redelivered, body, _options.TopicHeader);
        }
        catch (Exception exception)
        {
            // Whatever a publisher puts into a header, the consumer goes on.
            obstacle = exception;
            return new TopicMessage { Topic = routingKey, Body = body, Exchange = exchange, RoutingKey = routingKey };
        }
    }

    /// <summary>Handles a delivery, and settles it or lets that go on. Does not throw.</summary>
    /// <param name="channel">The channel that it came on.</param>
    /// <param name="delivery">The delivery.</param>
    /// <param name="stopping">The app is stopping: nothing is held back any more.</param>
    /// <param name="abandoning">The time for stopping is over: the handler is to end.</param>
    public async Task RunAsync(IChannel channel, Delivery delivery, CancellationToken stopping, CancellationToken abandoning)
    {
        if (_options.HandlerOptions.AutoAck)
        {
            await RunAcknowledgedAsync(channel, delivery, abandoning);
            return;
        }

        var isCounted = delivery.Message.Redelivered && _options.HandlerOptions.OnError.MaxRedeliveries != ErrorPolicy.Unlimited;
        var begun = isCounted ? await _redeliveries.BeginAsync(delivery) : 0;
        var result = begun > _options.HandlerOptions.OnError.MaxRedeliveries
            ? new HandlerResult(DeliveryOutcome.RedeliveredTooOften, new InvalidOperationException(
                $"The broker delivered the message {begun} times again whose handling was begun and never ended, as when it ends the process."))
            : await HandleAsync(delivery, abandoning);
        var settling = SettleAsync(channel, delivery, result, isCounted, stopping);
        if (result.Outcome == DeliveryOutcome.Succeeded)
        {
            await settling;
        }
        else
        {
            // The next message need not wait until the broker has confirmed a copy of this one.
            _settling.TryAdd(settling, 0);
            _ = settling.ContinueWith(ended => _settling.TryRemove(ended, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>Returns when every delivery that was handled is settled.</summary>
    public Task DrainAsync() => Task.WhenAll(_settling.Keys);

    private async Task SettleAsync(IChannel channel, Delivery delivery, HandlerResult result, bool isCounted, CancellationToken stopping)
    {
        await _settler.SettleAsync(channel, delivery, result, stopping);
        if (isCounted)
        {
            await _redeliveries.EndAsync(delivery);
        }
    }

    private async Task RunAcknowledgedAsync(IChannel channel, Delivery delivery, CancellationToken abandoning)
    {
        if (!await _settler.TryAcknowledgeAsync(channel, delivery))
        {
            return; // It is delivered again.
        }

        var result = await HandleAsync(delivery, abandoning);
        if (result.Outcome != DeliveryOutcome.Succeeded)
        {
            _logger.LogError(result.Error, "Handler '{Handler}' did not handle a message of queue '{Queue}' with topic '{Topic}' ({Outcome}), which is lost, as AutoAck says.",
                delivery.Handler, delivery.Queue, delivery.Message.Topic, result.Outcome);
        }
    }

    private ValueTask<HandlerResult> HandleAsync(Delivery delivery, CancellationToken abandoning) =>
        delivery.Obstacle is { } obstacle ? new(new HandlerResult(DeliveryOutcome.Poison, obstacle))
        : _options.HandlerOptions.Timeout == Timeout.InfiniteTimeSpan ? GuardedAsync(delivery, abandoning, abandoning)
        : new(LimitedAsync(delivery, abandoning));

    private async Task<HandlerResult> LimitedAsync(Delivery delivery, CancellationToken abandoning)
    {
        var timeout = _options.HandlerOptions.Timeout;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(abandoning);
        limit.CancelAfter(timeout);
        var handling = GuardedAsync(delivery, limit.Token, abandoning).AsTask();
        await Stopping.WaitAsync(handling, limit.Token);
        if (handling.IsCompletedSuccessfully && (!limit.IsCancellationRequested || handling.Result.Outcome is not (DeliveryOutcome.Failed or DeliveryOutcome.Stopped)))
        {
            return handling.Result;
        }

        return abandoning.IsCancellationRequested
            ? new HandlerResult(DeliveryOutcome.Stopped)
            : new HandlerResult(DeliveryOutcome.TimedOut, new TimeoutException($"Handler '{delivery.Handler}' took longer than {timeout.TotalSeconds:0.###} s."));
    }

    /// <summary>Runs the handler; an exception out of it is a failure.</summary>
    private async ValueTask<HandlerResult> GuardedAsync(Delivery delivery, CancellationToken cancellationToken, CancellationToken abandoning)
    {
        HandlerResult result;
        try
        {
            result = await _handler(delivery, cancellationToken);
        }
        catch (Exception exception)
        {
            result = new HandlerResult(DeliveryOutcome.Failed, exception);
        }

        return result.Outcome == DeliveryOutcome.Failed && abandoning.IsCancellationRequested ? result with { Outcome = DeliveryOutcome.Stopped } : result;
    }
}
