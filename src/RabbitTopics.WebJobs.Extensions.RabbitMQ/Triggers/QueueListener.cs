using System.Runtime.ExceptionServices;
using Microsoft.Azure.WebJobs.Host.Executors;
using Microsoft.Azure.WebJobs.Host.Listeners;
using Microsoft.Azure.WebJobs.Host.Scale;
using Microsoft.Extensions.Logging;
using RabbitTopics.Brokers;
using RabbitTopics.Health;
using RabbitTopics.Messages;
using RabbitTopics.Receiving;
using RabbitTopics.Settling;
using RabbitTopics.WebJobs.Scaling;

namespace RabbitTopics.WebJobs.Triggers;

/// <summary>Runs one function for each delivery of its queue. It starts whether or not the broker is there, and consumes until it is stopped.</summary>
internal sealed class QueueListener : IListener, IScaleMonitorProvider, ITargetScalerProvider
{
    private readonly ITriggeredFunctionExecutor _executor;
    private readonly DeliveriesAtWork _atWork;
    private readonly QueueScaling _scaling;
    private readonly StopLimit _stopLimit;
    private readonly Func<QueueConsumer> _newConsumer;
    private QueueConsumer? _consumer;
    private volatile bool _isStopping;

    public QueueListener(
        Broker broker, QueueHealth health, QueueConsumerOptions options, ITriggeredFunctionExecutor executor, DeliveriesAtWork atWork, QueueScaling scaling, ILogger logger, StopLimit stopLimit)
    {
        (_executor, _atWork, _scaling, _stopLimit) = (executor, atWork, scaling, stopLimit);
        _newConsumer = () => new QueueConsumer(broker, health, options, HandleAsync, logger);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _isStopping = false;
        _consumer = _newConsumer();
        _consumer.Start();
        return Task.CompletedTask;
    }

    /// <summary>Takes no further delivery and waits for the functions at work. When their time is over they are cancelled. The host calls it to drain, too; the
    /// token that it gives is never cancelled.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        return _consumer is { } consumer ? _stopLimit.ApplyAsync(consumer.StopAsync, cancellationToken) : Task.CompletedTask;
    }

    public void Cancel() => _ = StopAsync(new CancellationToken(canceled: true));

    public void Dispose()
    {
        _isStopping = true;
        _ = _consumer?.DisposeAsync().AsTask();
    }

    public IScaleMonitor GetMonitor() => _scaling;

    public ITargetScaler GetTargetScaler() => _scaling;

    private async ValueTask HandleAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        using var atWork = _atWork.Enter(delivery);
        var result = await _executor.TryExecuteAsync(
            new TriggeredFunctionData { TriggerValue = TriggerValue.Of(delivery, atWork.Id), TriggerDetails = Details(delivery) }, cancellationToken);
        if (!result.Succeeded)
        {
            var failure = atWork.Failure ?? InvocationFailure.Read(result.Exception);
            ExceptionDispatchInfo.Throw(_isStopping && InvocationFailure.IsCancellation(failure) ? new HandlerStoppedException(failure) : failure);
        }
    }

    /// <summary>What the host logs of the message.</summary>
    private static Dictionary<string, string> Details(Delivery delivery) => new()
    {
        ["Queue"] = delivery.Queue,
        ["Topic"] = delivery.Topic,
        ["MessageId"] = delivery.MessageId ?? "",
        ["Attempt"] = delivery.Attempt.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}
