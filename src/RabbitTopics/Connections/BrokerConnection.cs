using System.Net.Security;
using System.Text;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.Telemetry;

namespace RabbitTopics.Connections;

/// <summary>One connection to a broker that is opened when first asked for, watched, and opened again whenever it is lost,
/// for as long as it takes.</summary>
/// <remarks>The client library's own recovery is off: it hides the loss from those who must know of it (a consumer has to
/// declare its queue again, a publish in flight has to fail), so there would be two recoveries to reason about.</remarks>
internal sealed partial class BrokerConnection : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastRetryDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan DefaultHandshakeTime = TimeSpan.FromSeconds(20); // RabbitMQ's own limit is 10 s.
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(5);

    private readonly BrokerEndpoint _endpoint;
    private readonly ConnectionFactory _factory;
    private readonly string _purpose;
    private readonly TimeSpan _handshakeTime;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private ITcpClient? _socket;
    private TaskCompletionSource<IConnection> _open = NewWait();
    private TaskCompletionSource _unblocked = Completed();
    private CancellationTokenSource _lost = new();
    private Task? _supervisor;
    private bool _wasOpen;

    /// <summary>A connection that is not opened yet.</summary>
    /// <param name="endpoint">The broker.</param>
    /// <param name="purpose">What the connection is for; part of the name that the broker shows.</param>
    /// <param name="logger">Logs every loss and, every few seconds, that it waits.</param>
    /// <param name="handshakeTime">How long a broker that has taken the connection may take to open it. Default: 20 s.</param>
    public BrokerConnection(BrokerEndpoint endpoint, string purpose, ILogger logger, TimeSpan? handshakeTime = null)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        _endpoint = endpoint;
        _purpose = purpose;
        _handshakeTime = handshakeTime ?? DefaultHandshakeTime;
        _logger = new SafeLogger(logger);
        _factory = new ConnectionFactory
        {
            Uri = endpoint.Uri,
            ClientProvidedName = $"{AppDomain.CurrentDomain.FriendlyName} {purpose}",
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(4), // A dead network shows after three of them, on either side.
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
            HandshakeContinuationTimeout = TimeSpan.FromSeconds(10),
            ContinuationTimeout = TimeSpan.FromSeconds(10),
            MaxInboundMessageBodySize = 128 * 1024 * 1024, // The most that the client can. A longer body closes the connection, again and again.
            SocketFactory = family => _socket = ConnectionFactoryBase.DefaultSocketFactory(family),
        };

        // Always set: for amqps the client takes a certificate of another host's name (rabbitmq-dotnet-client, ConnectionFactory.Uri).
        _factory.Ssl.AcceptablePolicyErrors = endpoint.TakesAnyCertificate
            ? SslPolicyErrors.RemoteCertificateNotAvailable | SslPolicyErrors.RemoteCertificateNameMismatch | SslPolicyErrors.RemoteCertificateChainErrors
            : SslPolicyErrors.None;
    }

    /// <summary>The open connection; waits for the broker as long as it takes.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled while waiting.</exception>
    /// <exception cref="ObjectDisposedException">This object was disposed.</exception>
    public async Task<IConnection> GetOpenAsync(CancellationToken cancellationToken)
    {
        Task<IConnection> open;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
            _supervisor ??= StartSupervising();
            open = _open.Task;
        }

        return await open.WaitAsync(cancellationToken);
    }

    /// <summary>Cancelled when the connection that <see cref="GetOpenAsync"/> gave last is lost. The client tells its channels one after the
    /// other, and one of them can keep it from telling the next (rabbitmq-dotnet-client #1930).</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Whether the connection was asked for and is not open.</summary>
    public bool IsDown
    {
        get
        {
            lock (_gate)
            {
                return _supervisor is not null && !_open.Task.IsCompletedSuccessfully;
            }
        }
    }

    /// <summary>The version of RabbitMQ that the last connection was to, as its server properties say; null before the first.</summary>
    public Version? ServerVersion { get; private set; }

    /// <summary>The longest frame that the broker takes on the last connection, in bytes; 0 for no limit, and before the first connection.</summary>
    public uint FrameMax { get; private set; }

    /// <summary>Why the broker takes no messages on this connection, as while it is low on memory or disk
    /// (https://www.rabbitmq.com/docs/connection-blocked); null while it takes them.</summary>
    public string? BlockedReason { get; private set; }

    /// <summary>Waits until the broker takes messages on this connection again.</summary>
    internal Task WaitUntilUnblockedAsync(CancellationToken cancellationToken)
    {
        var unblocked = _unblocked.Task;
        return unblocked.IsCompleted ? Task.CompletedTask : unblocked.WaitAsync(cancellationToken);
    }

    /// <summary>Closes the connection and stops watching it.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? supervisor;
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            _stopping.Cancel();
            supervisor = _supervisor;
        }

        if (supervisor is not null)
        {
            await supervisor;
        }

        _open.TrySetException(new ObjectDisposedException(nameof(BrokerConnection)));
        _ = _open.Task.Exception; // Nobody may be waiting; the exception is observed all the same.
        _stopping.Dispose();
    }

    private static TaskCompletionSource<IConnection> NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource Completed()
    {
        var completed = new TaskCompletionSource();
        completed.SetResult();
        return completed;
    }

    /// <summary>The numbers before a suffix such as that of <c>4.1.0-rc.1</c>.</summary>
    private static Version? VersionOf(IConnection connection) =>
        connection.ServerProperties is { } server && server.TryGetValue("version", out var value) && value is byte[] text && Version.TryParse(Encoding.UTF8.GetString(text).Split('-', '+')[0], out var version)
            ? version
            : null;

    private void Block(string reason)
    {
        BlockedReason = reason;
        if (_unblocked.Task.IsCompleted)
        {
            _unblocked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        PublishingBlocked(_endpoint, _purpose, reason);
    }

    private void Unblock()
    {
        BlockedReason = null;
        if (_unblocked.TrySetResult())
        {
            PublishingUnblocked(_endpoint, _purpose);
        }
    }

    /// <summary>Without the context of whoever asks first: the connection outlives an invocation, and what it logs later is not of it.</summary>
    private Task StartSupervising()
    {
        using AsyncFlowControl? flow = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        return Task.Run(SuperviseAsync, CancellationToken.None);
    }

    private async Task SuperviseAsync()
    {
        var stop = _stopping.Token;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await HoldConnectionAsync(stop);
            }
            catch (Exception exception) when (!stop.IsCancellationRequested)
            {
                ConnectionFailed(_endpoint, _purpose, exception.Message);
            }
            catch (Exception)
            {
                return; // Disposed; whatever broke meanwhile no longer matters.
            }

            // A connection that is lost as soon as it is open must not spin.
            await Task.Delay(Jittered(FirstRetryDelay), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Opens a connection, hands it out, and returns when it is lost.</summary>
    private async Task HoldConnectionAsync(CancellationToken stop)
    {
        var connection = await ConnectAsync(stop);
        try
        {
            await HoldConnectionAsync(connection, stop);
        }
        finally
        {
            await DisposeAsync(connection);
        }
    }

    private async Task HoldConnectionAsync(IConnection connection, CancellationToken stop)
    {
        var closed = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionShutdownAsync += (_, reason) =>
        {
            closed.TrySetResult($"{reason.ReplyCode} {reason.ReplyText}"); // The first handler: no channel is there yet.
            return Task.CompletedTask;
        };
        connection.ConnectionBlockedAsync += (_, blocked) =>
        {
            Block(blocked.Reason);
            return Task.CompletedTask;
        };
        connection.ConnectionUnblockedAsync += (_, _) =>
        {
            Unblock();
            return Task.CompletedTask;
        };
        if (!connection.IsOpen)
        {
            closed.TrySetResult(connection.CloseReason?.ReplyText ?? "closed at once"); // Lost before the handler was there.
        }

        ServerVersion = VersionOf(connection);
        FrameMax = connection.FrameMax;
        var lost = _lost = new CancellationTokenSource();
        _open.TrySetResult(connection);
        try
        {
            Connected(_endpoint, _purpose);
            if (_wasOpen)
            {
                Tracing.Quietly(() => Metrics.Reconnects.Add(1,
                    new(Conventions.ServerAddress, _endpoint.Uri.Host), new(Conventions.ServerPort, _endpoint.Port), new(Conventions.ConnectionPurpose, _purpose)));
            }

            _wasOpen = true;
            var reason = await closed.Task.WaitAsync(stop);
            ConnectionLost(_endpoint, _purpose, reason.TrimEnd('.'));
        }
        finally
        {
            BlockedReason = null; // The next connection is told again.
            _unblocked.TrySetResult();
            lock (_gate)
            {
                _open = NewWait();
            }

            await lost.CancelAsync();
        }
    }

    /// <summary>Closes a connection. The client waits for what its consumers have begun, without end; a handler that does not end must not keep the
    /// program, whose own end closes the connection as well.</summary>
    private static async Task DisposeAsync(IConnection connection)
    {
        var disposing = Task.Run(async () => await connection.DisposeAsync(), CancellationToken.None);
        await disposing.WaitAsync(CloseTime, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ = disposing.Observed();
    }

    private async Task<IConnection> ConnectAsync(CancellationToken stop)
    {
        var delay = FirstRetryDelay;
        long? lastReport = null;
        while (true)
        {
            try
            {
                return await OpenAsync(stop);
            }
            catch (Exception exception) when (!stop.IsCancellationRequested)
            {
                if (lastReport is not { } last || TimeProvider.System.GetElapsedTime(last) >= ReportInterval)
                {
                    lastReport = TimeProvider.System.GetTimestamp();
                    Report(ConnectFailure.Explain(exception, _endpoint));
                }
            }

            await Task.Delay(Jittered(delay), stop);
            delay = delay * 2 < LastRetryDelay ? delay * 2 : LastRetryDelay;
        }
    }

    /// <summary>Half to one and a half of a delay, so that the instances of an app do not all come back to a broker at once.</summary>
    internal static TimeSpan Jittered(TimeSpan delay) => delay * (0.5 + Random.Shared.NextDouble());

    private async Task<IConnection> OpenAsync(CancellationToken stop)
    {
        var connection = await CreateAsync(stop);
        try
        {
            // The broker refuses a virtual host only after the client has taken the connection for open. A channel that
            // opens proves that it is.
            await using var channel = await connection.CreateChannelAsync(cancellationToken: stop);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The client waits without end for a peer that takes a connection and then says nothing, as a load balancer before a dead broker. It
    /// does not wait for a socket that is closed.</summary>
    private async Task<IConnection> CreateAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(_handshakeTime);
        await using var closing = limit.Token.UnsafeRegister(static connection => ((BrokerConnection)connection!)._socket?.Close(), this);
        try
        {
            return await _factory.CreateConnectionAsync(stop);
        }
        catch (Exception) when (limit.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw new TimeoutException($"It took the connection and did not open it within {_handshakeTime.TotalSeconds:0.###} s. Check that this is RabbitMQ's port, and what stands before it.");
        }
    }

    private void Report(ConnectFailure failure)
    {
        if (failure.NeedsAChange)
        {
            CannotConnect(_endpoint, _purpose, failure.Reason);
        }
        else
        {
            WaitingForBroker(_endpoint, _purpose, failure.Reason);
        }
    }

    [LoggerMessage(LogLevel.Information, "Connected to the broker at {Endpoint} for {Purpose}.")]
    private partial void Connected(BrokerEndpoint endpoint, string purpose);

    [LoggerMessage(LogLevel.Warning, "Lost the connection to the broker at {Endpoint} for {Purpose}: {Reason}. Connecting again.")]
    private partial void ConnectionLost(BrokerEndpoint endpoint, string purpose, string reason);

    [LoggerMessage(LogLevel.Warning, "The connection to the broker at {Endpoint} for {Purpose} failed: {Reason}")]
    private partial void ConnectionFailed(BrokerEndpoint endpoint, string purpose, string reason);

    [LoggerMessage(LogLevel.Warning, "Waiting for the broker at {Endpoint} for {Purpose}: {Reason}")]
    private partial void WaitingForBroker(BrokerEndpoint endpoint, string purpose, string reason);

    [LoggerMessage(LogLevel.Error, "Cannot connect to the broker at {Endpoint} for {Purpose}: {Reason} Trying again until that is corrected.")]
    private partial void CannotConnect(BrokerEndpoint endpoint, string purpose, string reason);

    [LoggerMessage(LogLevel.Error, "The broker at {Endpoint} takes no messages for {Purpose}: {Reason}. Publishes wait until it does.")]
    private partial void PublishingBlocked(BrokerEndpoint endpoint, string purpose, string reason);

    [LoggerMessage(LogLevel.Information, "The broker at {Endpoint} takes messages for {Purpose} again.")]
    private partial void PublishingUnblocked(BrokerEndpoint endpoint, string purpose);
}
