using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;

namespace RabbitTopics.Receiving;

/// <summary>Keeps a queue consumed in the background: whatever ends a consumer (its connection, its channel, the queue) is said and
/// reported, and another one is begun, until it is stopped.</summary>
/// <param name="broker">The broker.</param>
/// <param name="queue">The queue.</param>
/// <param name="report">Takes what keeps the queue from being consumed; null where nothing does.</param>
/// <param name="logger">Is told of everything that interrupts consuming.</param>
internal sealed partial class ConsumingLoop(Broker broker, string queue, Action<string?> report, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan AgainDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly BackgroundWork _work = new();

    /// <summary>Cancelled when nothing more is to be consumed.</summary>
    public CancellationToken Stop => _work.Stop;

    /// <summary>Cancelled when the time for stopping is over.</summary>
    public CancellationToken Abandon => _work.Abandon;

    /// <summary>Starts; returns at once, also while the broker is down.</summary>
    /// <param name="consumeAsync">Consumes on a channel until that ends, the connection is lost (the first token) or it is to stop (the second),
    /// and says why it ended.</param>
    /// <param name="advice">What to do about an exception, in a sentence; null where there is nothing but to wait.</param>
    /// <param name="drainAsync">What is waited for when consuming has ended for good. Default: nothing.</param>
    public void Start(Func<IChannel, CancellationToken, CancellationToken, Task<string>> consumeAsync, Func<Exception, string?> advice, Func<Task>? drainAsync = null)
    {
        Report($"waiting for the broker at {broker.Endpoint}");
        _work.Start(async () =>
        {
            await RunAsync(consumeAsync, advice);
            await (drainAsync?.Invoke() ?? Task.CompletedTask);
        });
    }

    /// <summary>Says what keeps the queue from being consumed. Who has stopped has no queue to consume.</summary>
    public void Report(string? problem) => report(Stop.IsCancellationRequested ? null : problem);

    /// <summary>Ends it, and waits for what is at work: when the token is cancelled, no longer than that takes to notice it.</summary>
    /// <returns>Whether it has ended.</returns>
    public Task<bool> StopAsync(CancellationToken cancellationToken)
    {
        var stopping = _work.StopAsync(cancellationToken);
        report(null);
        return stopping;
    }

    /// <summary>Stops at once.</summary>
    public ValueTask DisposeAsync() => _work.DisposeAsync();

    /// <summary>The code with which the broker closed a channel or refused a publish; 0 where it was neither.</summary>
    public static int ReplyCode(Exception exception) => exception switch
    {
        OperationInterruptedException { ShutdownReason: { } reason } => reason.ReplyCode,
        PublishRefusedException refused => refused.ReplyCode,
        _ => 0,
    };

    private async Task RunAsync(Func<IChannel, CancellationToken, CancellationToken, Task<string>> consumeAsync, Func<Exception, string?> advice)
    {
        string? lastFailure = null;
        while (!Stop.IsCancellationRequested)
        {
            var delay = AgainDelay;
            try
            {
                var connection = await broker.Consuming.GetOpenAsync(Stop);
                var lost = broker.Consuming.Lost;
                await using var channel = await connection.CreateChannelAsync(cancellationToken: Stop);
                var ended = await consumeAsync(channel, lost, Stop);
                lastFailure = null;
                if (!Stop.IsCancellationRequested)
                {
                    Report(ended);
                    ConsumingInterrupted(queue, ended.TrimEnd('.'));
                }
            }
            catch (Exception exception) when (!Stop.IsCancellationRequested)
            {
                // The same failure every second is said once.
                delay = RetryDelay;
                var failure = $"{Reason(exception).TrimEnd('.')}. {advice(exception)}".TrimEnd();
                if (failure != lastFailure)
                {
                    lastFailure = failure;
                    Report(failure);
                    CannotConsume(queue, broker.Endpoint, failure);
                }
            }
            catch (Exception)
            {
                return; // Stopping; whatever broke meanwhile no longer matters.
            }

            await Task.Delay(delay, Stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static string Reason(Exception exception) => exception is PublishRefusedException refused ? refused.ReplyText : BrokerFault.Reason(exception);

    [LoggerMessage(LogLevel.Warning, "Consuming queue '{Queue}' was interrupted: {Reason}. Consuming again.")]
    private partial void ConsumingInterrupted(string queue, string reason);

    [LoggerMessage(LogLevel.Error, "Cannot consume queue '{Queue}' at {Endpoint}: {Reason} Trying again until it works.")]
    private partial void CannotConsume(string queue, BrokerEndpoint endpoint, string reason);
}
