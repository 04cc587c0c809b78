using Microsoft.Extensions.Logging;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Messages;
using RabbitTopics.Telemetry;
using RabbitTopics.Topology;

namespace RabbitTopics.Settling;

/// <summary>Performs what <see cref="SettlePolicy"/> decided on a delivery. A copy is confirmed before the original is acknowledged.</summary>
/// <param name="broker">The broker of the deliveries.</param>
/// <param name="queueProperties">What the app declares the queue with; null where it does not.</param>
/// <param name="options">How its messages are settled.</param>
/// <param name="logger">Logs every message that was not handled.</param>
/// <param name="reportHeld">Takes the text about messages that are held because their copies cannot be published; null when there are none left.</param>
internal sealed partial class DeliverySettler(Broker broker, QueueProperties? queueProperties, HandlerOptions options, ILogger logger, Action<string?>? reportHeld = null)
{
    private static readonly TimeSpan FirstHold = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(30);
    private static readonly Func<ILogger, string?, IDisposable?> MessageScope = LoggerMessage.DefineScope<string?>("MessageId:{MessageId}");

    private readonly CopyPublisher _copies = new(broker, queueProperties);
    private readonly SafeLogger _logger = new(logger); // One that throws must keep no message from being settled.
    private int _held;

    /// <summary>How messages are settled.</summary>
    public HandlerOptions Options => options;

    /// <summary>What the deliveries that it settles have in common.</summary>
    public DeliverySource Source(string queue, string handler, string topicHeader) =>
        new(queue, handler, topicHeader, delivery => new DeliveryActions(this, delivery)) { Server = (broker.Endpoint.Uri.Host, broker.Endpoint.Port) };

    /// <summary>Makes what settling will need exist.</summary>
    /// <exception cref="TopicPublishException">The broker refused; the message names the queue.</exception>
    public Task PrepareAsync(string queue, CancellationToken cancellationToken) =>
        options.AutoAck ? Task.CompletedTask : _copies.PrepareAsync(queue, options.OnError, cancellationToken);

    /// <summary>Settles a delivery. Where its copy cannot be published, the delivery is held and that is tried again: a message
    /// that is given back again and again reaches the delivery limit of a quorum queue, and is dropped. Does not throw: where the
    /// broker cannot be told, it delivers the message again.</summary>
    /// <param name="acknowledger">Of the channel that it came on.</param>
    /// <param name="delivery">The delivery.</param>
    /// <param name="moreFollow">Whether another message is at hand, with which it may be acknowledged.</param>
    /// <param name="failure">What came out of its handling; null where that succeeded.</param>
    /// <param name="isStopping">Whether the handler was cancelled because the app is stopping.</param>
    /// <param name="ended">Cancelled when nothing is to be held any more.</param>
    public async ValueTask SettleAsync(Acknowledger acknowledger, Delivery delivery, bool moreFollow, Exception? failure, bool isStopping, CancellationToken ended)
    {
        var isDone = (failure is null && delivery.ActionsInUse is null) || await TrySettleAsync(delivery, failure, isStopping, ended);
        if (options.AutoAck)
        {
            acknowledger.End(); // It was acknowledged before.
        }
        else
        {
            await (isDone ? acknowledger.AcknowledgeAsync(delivery, moreFollow) : acknowledger.ReturnAsync(delivery));
        }
    }

    /// <summary>Whether the original may be acknowledged: the message is done, or dropped, or a copy of it is safe.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="failure">What came out of its handling; null where that succeeded.</param>
    /// <param name="isStopping">Whether the handler was cancelled because the app is stopping.</param>
    /// <param name="ended">A copy that the broker does not take is tried again until this is cancelled; once where it is already.</param>
    public async ValueTask<bool> TrySettleAsync(Delivery delivery, Exception? failure, bool isStopping, CancellationToken ended)
    {
        var isSettled = false;
        try
        {
            isSettled = delivery.ActionsInUse is { } actions && await actions.CloseAsync();
        }
        catch (Exception exception)
        {
            failure ??= exception; // What the handler wanted is not done, whether it waited for it or not.
        }

        var outcome = SettlePolicy.Outcome(failure, isStopping, IsExcluded);
        var why = outcome.ToString();
        failure = PoisonMessageException.ReasonOf(failure);
        if (isSettled)
        {
            if (failure is not null)
            {
                Report(delivery, why, failure, "its handler had settled it before, and that stays");
            }

            return true;
        }

        if (options.AutoAck && failure is not null)
        {
            delivery.End(SettleAction.Discard);
            Report(delivery, why, failure, "it is lost, as AutoAck says");
            return true;
        }

        return await HoldAsync(delivery, SettlePolicy.Decide(outcome, delivery.Message.Attempt, options.OnError), why, failure, ended);
    }

    /// <summary>Does what was decided, and holds the delivery until that is done; false where nothing is to be held any more. A copy that was sent
    /// is waited for as long as its channel lives, and not sent again: a broker that is slow to confirm would get more and more of them.</summary>
    private async ValueTask<bool> HoldAsync(Delivery delivery, SettleDecision decision, string why, Exception? failure, CancellationToken ended)
    {
        using var limit = new CancellationTokenSource();
        await using var ending = ended.Register(() => limit.CancelAfter(CopyPublisher.Timeout));
        var isHeld = false;
        try
        {
            for (var hold = FirstHold; ; hold = hold * 2 < LongestHold ? hold * 2 : LongestHold)
            {
                if (delivery.IsLost && decision.Action is not (SettleAction.Complete or SettleAction.Return))
                {
                    delivery.End(SettleAction.Return);
                    Report(delivery, why, failure, "its channel is gone, and the broker delivers it again"); // A copy would make two of it.
                    return false;
                }

                try
                {
                    var performing = PerformAsync(delivery, decision, why, failure, ErrorPolicy.LongestDelay, limit.Token).AsTask();
                    for (var patience = CopyPublisher.Timeout; !performing.IsCompleted; patience = LongestHold)
                    {
                        await ((Task)performing).WaitAsync(patience, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                        ReportHeld(performing.IsCompleted ? null : Obstacle);
                    }

                    return await performing;
                }
                catch (Exception exception)
                {
                    ReportHeld(limit.IsCancellationRequested ? Obstacle : exception.Message);
                }

                await Task.Delay(hold, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (ended.IsCancellationRequested)
                {
                    delivery.End(SettleAction.Return);
                    return false;
                }
            }
        }
        finally
        {
            if (isHeld && Interlocked.Decrement(ref _held) == 0)
            {
                reportHeld?.Invoke(null);
            }
        }

        void ReportHeld(string? obstacle)
        {
            if (obstacle is null)
            {
                return;
            }

            if (!isHeld)
            {
                isHeld = true;
                Interlocked.Increment(ref _held);
            }

            Report(delivery, why, failure, $"it stays in its queue, as its copy could not be published: {obstacle}");
            reportHeld?.Invoke($"{Volatile.Read(ref _held)} message(s) of queue '{delivery.Queue}' are held, as their copies cannot be published: {obstacle}");
        }
    }

    /// <summary>Why a copy takes so long.</summary>
    private string Obstacle =>
        broker.PublishingBlockedReason is { } reason ? $"the broker takes no messages: {reason}"
        : broker.IsDown ? "there is no connection to the broker."
        : "the broker has not confirmed it.";

    /// <summary>Does what was decided; false where the broker is to have the message back.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="why">Why it was, for the log: how the handling ended, or what the handler called.</param>
    /// <param name="failure">What came out of its handling, for the log and a dead letter; null where the handler settles it.</param>
    /// <param name="cancellationToken">Ends the wait for the broker.</param>
    /// <exception cref="TopicPublishException">The broker did not take the copy, or delivers the message again in any case; nothing was done.</exception>
    public ValueTask<bool> PerformAsync(Delivery delivery, SettleDecision decision, string why, Exception? failure, CancellationToken cancellationToken) => delivery.IsLost && decision.Action != SettleAction.Complete
        ? throw new BrokerUnavailableException("", delivery.Queue, "the channel that it was delivered on is gone, and the broker delivers it again.")
        : PerformAsync(delivery, decision, why, failure, CopyPublisher.Timeout, cancellationToken);

    private async ValueTask<bool> PerformAsync(Delivery delivery, SettleDecision decision, string why, Exception? failure, TimeSpan within, CancellationToken cancellationToken)
    {
        switch (decision.Action)
        {
            case SettleAction.Complete:
                return true;

            case SettleAction.Return:
                delivery.End(SettleAction.Return);
                return false;

            case SettleAction.Discard:
                delivery.End(SettleAction.Discard);
                Report(delivery, why, failure, "it is dropped, as the handler's error policy says");
                return true;

            case SettleAction.Requeue:
                await _copies.RequeueAsync(delivery, within, cancellationToken);
                delivery.End(SettleAction.Requeue);
                Report(delivery, why, failure, "it is delivered again from the end of its queue");
                return true;

            case SettleAction.Retry:
                await _copies.RetryAsync(delivery, decision.Delay, within, cancellationToken);
                delivery.End(SettleAction.Retry);
                Report(delivery, why, failure, $"it is delivered again in {decision.Delay.TotalSeconds:0.###} s");
                return true;

            default:
                var parkedIn = await _copies.ParkAsync(delivery, decision, failure, within, cancellationToken);
                delivery.End(SettleAction.DeadLetter, decision.Reason);
                Report(delivery, why, failure, $"it is parked in '{parkedIn}' ({decision.Reason})");
                return true;
        }
    }

    /// <summary>Asks the policy; a predicate of the app's that itself throws has not excluded anything.</summary>
    public bool IsExcluded(Exception failure)
    {
        try
        {
            return failure is RemoteException { IsNonRetryable: true } || options.OnError.Excludes(failure);
        }
        catch (Exception exception)
        {
            IsNonRetryableFailed(Secret.Hide(exception), failure.GetType());
            return false;
        }
    }

    /// <summary>Says what became of a message, with its id in the scope. The stack of what was thrown is in the dead letter; in the log it is a
    /// matter for debugging.</summary>
    private void Report(Delivery delivery, string why, Exception? failure, string consequence)
    {
        using var scope = MessageScope(_logger, delivery.MessageId);
        if (failure is null)
        {
            // What it parks is to be looked at; another attempt may be its ordinary way.
            SettledByHandler(delivery.SettledBy == SettleAction.DeadLetter ? LogLevel.Warning : LogLevel.Information,
                delivery.Handler, delivery.Message.Attempt, delivery.Queue, delivery.Message.Topic, why, consequence);
            return;
        }

        var reason = $"{RemoteException.TypeNameOf(failure)}: {Secret.Hide(failure.Message)}";
        MessageNotHandled(delivery.Handler, delivery.Message.Attempt, delivery.Queue, delivery.Message.Topic, why, reason, consequence);
        if (_logger.IsEnabled(LogLevel.Debug)) // The text of the stack costs something.
        {
            HandlerThrew(Secret.Hide(failure), delivery.Handler);
        }
    }

    [LoggerMessage(LogLevel.Error, "ErrorPolicy.IsNonRetryable failed on a {Error}, which counts as one that may be retried.")]
    private partial void IsNonRetryableFailed(Exception exception, Type error);

    [LoggerMessage("Handler '{Handler}', attempt {Attempt}: a message of queue '{Queue}' with topic '{Topic}' was settled by the handler itself, with {Call}; {Consequence}.")]
    private partial void SettledByHandler(LogLevel level, string handler, int attempt, string queue, string topic, string call, string consequence);

    [LoggerMessage(LogLevel.Warning, "Handler '{Handler}', attempt {Attempt}: a message of queue '{Queue}' with topic '{Topic}' was not handled ({Why}: {Reason}); {Consequence}.")]
    private partial void MessageNotHandled(string handler, int attempt, string queue, string topic, string why, string reason, string consequence);

    [LoggerMessage(LogLevel.Debug, "What handler '{Handler}' threw.")]
    private partial void HandlerThrew(Exception exception, string handler);
}
