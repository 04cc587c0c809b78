using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.Connections;
using RabbitTopics.Health;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>Makes one of an app's instances the one that runs its timers: the active consumer of the queue <c>APP.timers</c>.</summary>
internal sealed class TimerLeadership(Broker broker, string app, TimersState state, QueueHealth health, ILogger logger) : IAsyncDisposable
{
    /// <summary>A broker that takes longer to answer is said to be waited for.</summary>
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(2);

    private readonly ConsumingLoop _loop = new(broker, QueueOf(app), problem => health.Report("timers", QueueOf(app), problem), logger);
    private volatile TaskCompletionSource<TimerTerm> _term = NewWait();

    /// <summary>The queue that an app's instances agree by.</summary>
    public static string QueueOf(string app) => $"{app}.timers";

    /// <summary>Starts to take part, in the background.</summary>
    public async Task StartAsync()
    {
        _loop.Start(TakePartAsync, Advice);
        await Task.Delay(ConnectTime, _loop.Stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (broker.Consuming.IsDown && !_loop.Stop.IsCancellationRequested)
        {
            logger.LogWarning("The timers of app '{App}' wait for the broker at {Endpoint}: none of them runs in this instance until then.", app, broker.Endpoint);
        }
    }

    /// <summary>Hands over; to be called when no timer runs any more.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _loop.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    /// <summary>Waits until this instance leads.</summary>
    public Task<TimerTerm> TermAsync(CancellationToken cancellationToken) => _term.Task.WaitAsync(cancellationToken);

    private static TaskCompletionSource<TimerTerm> NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Takes part on a channel; only when that is closed another instance may lead.</summary>
    private async Task<string> TakePartAsync(IConnection connection, IChannel channel, CancellationToken stop)
    {
        await PrepareQueueAsync(channel, stop);
        try
        {
            return await new TimerSession(broker, channel, QueueOf(app), state, Begin, _loop.Report, logger).RunAsync(stop);
        }
        finally
        {
            if (_term.Task.IsCompleted)
            {
                _term = NewWait();
                logger.LogInformation("This instance no longer runs the timers of app '{App}'.", app);
            }
        }
    }

    private void Begin(TimerTerm term)
    {
        logger.LogInformation("This instance runs the timers of app '{App}' (queue '{Queue}' at {Endpoint}).", app, QueueOf(app), broker.Endpoint);
        _term.SetResult(term);
    }

    /// <summary>Makes the queue, or looks for it. Its type is the virtual host's default: a quorum queue, where that is what the
    /// operator wants, outlives a node.</summary>
    private Task PrepareQueueAsync(IChannel channel, CancellationToken cancellationToken) => broker.Mode switch
    {
        TopologyMode.Declare => channel.QueueDeclareAsync(QueueOf(app), durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-single-active-consumer"] = true }, cancellationToken: cancellationToken),
        TopologyMode.Verify => channel.QueueDeclarePassiveAsync(QueueOf(app), cancellationToken),
        _ => Task.CompletedTask,
    };

    private static string Advice(Exception exception) => ConsumingLoop.ReplyCode(exception) switch
    {
        404 => "Declare it, durable and with the argument x-single-active-consumer = true (docs/timers.md), or set Topology to Declare. ",
        403 => "See docs/timers.md; with Topology set to Verify the app declares nothing and needs no 'configure'. ",
        406 => $"It exists with other properties: delete it, or give the app another name ({AppTimers.AppNameSetting}). ",
        _ => "",
    } + "The app's timers do not run here.";
}
