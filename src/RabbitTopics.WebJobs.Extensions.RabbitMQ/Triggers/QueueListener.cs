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
    /// <summary>How long a delivery waits before it is tried again while no worker process can take it.</summary>
    private static readonly TimeSpan WorkerPause = TimeSpan.FromSeconds(1);

    private readonly ITriggeredFunctionExecutor _executor;
    private readonly DeliveriesAtWork _atWork;
    private readonly QueueScaling _scaling;
    private readonly Func<TimeSpan> _timeToStop;
    private readonly Func<QueueConsumer> _newConsumer;
    private readonly CancellationTokenSource _stopping = new();
    private QueueConsumer? _consumer;

    public QueueListener(
        Broker broker, QueueHealth health, QueueConsumerOptions options, ITriggeredFunctionExecutor executor, DeliveriesAtWork atWork, QueueScaling scaling, ILogger logger, Func<TimeSpan> timeToStop)
    {
        (_executor, _atWork, _scaling, _timeToStop) = (executor, atWork, scaling, timeToStop);
        _newConsumer = () => new QueueConsumer(broker, health, options, HandleAsync, logger);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _consumer = _newConsumer();
        _consumer.Start();
        return Task.CompletedTask;
    }

    /// <summary>Takes no further delivery and waits for the functions at work. When their time is over they are cancelled. The host calls it to drain, too; the
    /// token that it gives is never cancelled.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeToStop());
        await (_consumer?.StopAsync(limit.Token) ?? Task.CompletedTask);
    }

    public void Cancel() => _ = _consumer?.DisposeAsync().AsTask();

    public void Dispose()
    {
        Cancel();
        _stopping.Dispose();
    }

    public IScaleMonitor GetMonitor() => _scaling;

    public ITargetScaler GetTargetScaler() => _scaling;

    private async ValueTask HandleAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        using var atWork = _atWork.Enter(delivery);
        var value = TriggerValue.Of(delivery, atWork.Id);
        while (true)
        {
            var result = await _executor.TryExecuteAsync(new TriggeredFunctionData { TriggerValue = value, TriggerDetails = Details(delivery) }, cancellationToken);
            if (result.Succeeded)
            {
                return;
            }

            var failure = atWork.Failure ?? InvocationFailure.Read(result.Exception);
            if (failure is not WorkerAbsentException)
            {
                ExceptionDispatchInfo.Throw(_stopping.IsCancellationRequested && InvocationFailure.IsCancellation(failure) ? new HandlerStoppedException(failure) : failure);
            }

            // The function has not seen the message, which is no attempt at it.
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
            await Task.Delay(WorkerPause, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (either.IsCancellationRequested)
            {
                throw new HandlerStoppedException(failure);
            }
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
