using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Messages;
using RabbitTopics.Settling;

namespace RabbitTopics.Receiving;

/// <summary>Runs a handler for one delivery: as soon as it can be run, within its time, and not for a message that came back too often.</summary>
/// <param name="broker">The broker of the queue.</param>
/// <param name="options">What is consumed, and how.</param>
/// <param name="handler">The handler; what it throws is a failure.</param>
/// <param name="watch">Is told of a handler that goes on after its time.</param>
/// <param name="stop">Cancelled when nothing more is to begin.</param>
/// <param name="abandon">Cancelled when the time for stopping is over.</param>
internal sealed class HandlerRunner(Broker broker, QueueConsumerOptions options, Func<Delivery, CancellationToken, ValueTask> handler, LongRunningWatch watch,
    CancellationToken stop, CancellationToken abandon)
{
    /// <summary>How long a delivery waits before its handler is tried again that could not be run.</summary>
    private static readonly TimeSpan NotRunPause = TimeSpan.FromSeconds(1);

    private bool _saidLimit;

    private int MaxRedeliveries => options.HandlerOptions.OnError.MaxRedeliveries;

    /// <summary>Runs the handler as soon as it can be. Returns what came out of it; null where it succeeded.</summary>
    public async ValueTask<Exception?> RunAsync(Delivery delivery)
    {
        var failure = await TryRunAsync(delivery);
        while (failure is HandlerNotRunException)
        {
            await Task.Delay(NotRunPause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            failure = stop.IsCancellationRequested ? new HandlerStoppedException(failure) : await TryRunAsync(delivery);
        }

        return failure;
    }

    /// <summary>Runs the handler within its time. Returns what came out of it; null where it succeeded.</summary>
    private async ValueTask<Exception?> TryRunAsync(Delivery delivery)
    {
        try
        {
            if (delivery.BrokersCount is { } count)
            {
                WarnOfLimit();
                if (MaxRedeliveries != ErrorPolicy.Unlimited && count > MaxRedeliveries)
                {
                    return new RedeliveredTooOftenException($"The broker delivered the message {count} times again and got it back unsettled each time, as when its handling ends the process.");
                }
            }

            await (options.HandlerOptions.Timeout == Timeout.InfiniteTimeSpan ? handler(delivery, abandon) : new(LimitedAsync(delivery)));
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    /// <summary>Runs the handler apart from the loop that waits for it: one that blocks its thread must meet its timeout, too.</summary>
    private async Task LimitedAsync(Delivery delivery)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(abandon);
        limit.CancelAfter(options.HandlerOptions.Timeout);
        var token = limit.Token;
        var handling = Task.Run(() => handler(delivery, token).AsTask(), CancellationToken.None);
        await BackgroundWork.WaitAsync(handling, token);
        _ = handling.Observed();
        if (!handling.IsCompletedSuccessfully && token.IsCancellationRequested && handling.Exception?.InnerException is not HandlerNotRunException)
        {
            _ = delivery.Actions; // Made now, so that settling closes them: a handler in another process asks for them when it uses them, which may be late.
            abandon.ThrowIfCancellationRequested();
            if (!handling.IsCompleted)
            {
                watch.AddIgnoring(handling, delivery);
            }

            throw new HandlerTimeoutException(options.Handler, options.HandlerOptions.Timeout, handling.Exception?.InnerException);
        }

        await handling;
    }

    /// <summary>A quorum queue that the app does not declare as one may have RabbitMQ 4's delivery limit.</summary>
    private void WarnOfLimit()
    {
        if (!_saidLimit && broker.LimitsDeliveries && !(broker.Mode == TopologyMode.Declare && options.Topology?.Properties.IsQuorum == true))
        {
            _saidLimit = true;
            broker.WarnOfDeliveryLimit(options.Queue);
        }
    }
}
