using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Connections;
using RabbitTopics.Receiving;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>Makes one of an app's instances the one that runs its timers: the active consumer of the queue <c>APP.timers</c>. Takes part,
/// whatever becomes of the connection, the channel or the queue, until it is stopped.</summary>
/// <param name="broker">The broker with the queue.</param>
/// <param name="app">The app's name.</param>
/// <param name="state">What is known of the timers.</param>
/// <param name="logger">Is told who leads and what stands in the way.</param>
internal sealed class TimerLeadership(Broker broker, string app, TimersState state, ILogger logger) : IAsyncDisposable
{
    private const string Handler = "timers";

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan GoodbyeTime = TimeSpan.FromSeconds(2);

    /// <summary>A broker that takes longer to answer is said to be waited for.</summary>
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly string _queue = QueueOf(app);
    private TaskCompletionSource<TimerTerm> _term = NewWait();
    private Task _takingPart = Task.CompletedTask;

    /// <summary>The queue that an app's instances agree by.</summary>
    public static string QueueOf(string app) => $"{app}.timers";

    /// <summary>Starts to take part, in the background; returns at once, also while the broker is down.</summary>
    public void Start()
    {
        Report($"waiting for the broker at {broker.Endpoint}");
        _takingPart = Task.Run(TakePartUntilStoppedAsync);
    }

    /// <summary>Hands over; to be called when no timer runs any more.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Report(null);
        await _stopping.CancelAsync();
        await Stopping.WaitAsync(_takingPart, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopping.IsCancellationRequested)
        {
            await StopAsync(new CancellationToken(canceled: true));
        }

        _stopping.Dispose();
    }

    /// <summary>Waits until this instance leads.</summary>
    public Task<TimerTerm> TermAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _term.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>This instance leads.</summary>
    internal void Begin(TimerTerm term)
    {
        lock (_gate)
        {
            if (term.Ended.IsCancellationRequested || !_term.TrySetResult(term))
            {
                return;
            }
        }

        logger.LogInformation("This instance runs the timers of app '{App}' (queue '{Queue}' at {Endpoint}).", app, _queue, broker.Endpoint);
    }

    /// <summary>This instance leads no more.</summary>
    internal void End()
    {
        lock (_gate)
        {
            if (!_term.Task.IsCompleted)
            {
                return;
            }

            _term = NewWait();
        }

        logger.LogInformation("This instance no longer runs the timers of app '{App}'.", app);
    }

    /// <summary>Tells the health of the queue.</summary>
    internal void Report(string? problem) => broker.Health.Report(Handler, _queue, _stopping.IsCancellationRequested ? null : problem);

    private static TaskCompletionSource<TimerTerm> NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task TakePartUntilStoppedAsync()
    {
        var stop = _stopping.Token;
        string? lastFailure = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var ended = await TakePartAsync(await ConnectAsync(stop), stop);
                lastFailure = null;
                if (!stop.IsCancellationRequested)
                {
                    Report(ended);
                    logger.LogWarning("Consuming the timers' queue '{Queue}' was interrupted: {Reason}. Consuming again.", _queue, ended.TrimEnd('.'));
                }
            }
            catch (Exception exception) when (!stop.IsCancellationRequested)
            {
                // The same failure every second is said once.
                var failure = Explain(exception);
                if (failure != lastFailure)
                {
                    lastFailure = failure;
                    Report(failure);
                    logger.LogError("The timers of app '{App}' do not run here: cannot consume queue '{Queue}' at {Endpoint}: {Reason} Trying again until it works.",
                        app, _queue, broker.Endpoint, failure);
                }
            }
            catch (Exception)
            {
                return; // Stopping; whatever broke meanwhile no longer matters.
            }

            await Task.Delay(RetryDelay, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<IConnection> ConnectAsync(CancellationToken stop)
    {
        var open = broker.Consuming.GetOpenAsync(stop);
        if (await Task.WhenAny(open, Task.Delay(ConnectTime, stop)) != open)
        {
            logger.LogWarning("The timers of app '{App}' wait for the broker at {Endpoint}: none of them runs in this instance until then.", app, broker.Endpoint);
        }

        return await open;
    }

    private async Task<string> TakePartAsync(IConnection connection, CancellationToken stop)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stop);
        await PrepareQueueAsync(channel, stop);
        var session = new TimerSession(broker, channel, _queue, state, this, logger);
        var ended = await session.RunAsync(stop);
        await SayGoodbyeAsync(channel);
        return ended;
    }

    /// <summary>Makes the queue, or looks for it. Its type is the virtual host's default: a quorum queue, where that is what the
    /// operator wants, outlives a node.</summary>
    private async Task PrepareQueueAsync(IChannel channel, CancellationToken cancellationToken)
    {
        switch (broker.Mode)
        {
            case TopologyMode.Declare:
                await channel.QueueDeclareAsync(_queue, durable: true, exclusive: false, autoDelete: false,
                    new Dictionary<string, object?> { ["x-single-active-consumer"] = true }, cancellationToken: cancellationToken);
                break;

            case TopologyMode.Verify:
                await channel.QueueDeclarePassiveAsync(_queue, cancellationToken);
                break;
        }
    }

    /// <summary>Closes the channel: the broker hands the queue to the next instance as soon as it is closed, not before.</summary>
    private static async Task SayGoodbyeAsync(IChannel channel)
    {
        using var limit = new CancellationTokenSource(GoodbyeTime);
        try
        {
            await channel.CloseAsync(limit.Token);
        }
        catch (Exception exception) when (TimerSession.IsOfBroker(exception))
        {
            // It is closed already, or the connection is about to be found dead.
        }
    }

    private static string Explain(Exception exception) => exception switch
    {
        OperationInterruptedException { ShutdownReason: { ReplyCode: 404 } reason } =>
            $"{reason.ReplyText}. Declare it, durable and with the argument x-single-active-consumer = true (docs/timers.md), or set Topology to Declare.",
        OperationInterruptedException { ShutdownReason: { ReplyCode: 403 } reason } =>
            $"{AccessRefusal.Describe(reason)}. See docs/timers.md; with Topology set to Verify the app declares nothing and needs no 'configure'.",
        OperationInterruptedException { ShutdownReason: { ReplyCode: 406 } reason } =>
            $"{reason.ReplyText}. It exists with other properties: delete it, or give the app another name (RABBITTOPICS_APP_NAME).",
        OperationInterruptedException { ShutdownReason: { } reason } => $"{reason.ReplyText}.",
        _ => $"{exception.Message.TrimEnd('.')}.",
    };
}
