using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace RabbitTopics.TestSupport;

/// <summary>A network between a client and a broker that a test can break.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly Uri _target;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, byte> _clients = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;

    public TcpProxy(Uri target)
    {
        _target = target;
        _listener.Start();
        Uri = new UriBuilder(target) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;
        _accepting = AcceptAsync();
    }

    /// <summary>The broker's URI by way of this proxy.</summary>
    public Uri Uri { get; }

    /// <summary>Swallows everything, in both directions, while the connections stay open.</summary>
    public bool IsBlackhole { get; set; }

    /// <summary>Swallows what the broker sends, while it gets what clients send.</summary>
    public bool SwallowsAnswers { get; set; }

    /// <summary>Resets each new connection, as a port on which nothing listens does.</summary>
    public bool IsRefusing { get; set; }

    /// <summary>How many bytes of what clients send are passed on in a second. Null for all.</summary>
    public int? BytesPerSecond { get; set; }

    /// <summary>Resets every connection (RST, and no goodbye).</summary>
    public void Reset()
    {
        foreach (var client in _clients.Keys)
        {
            _clients.TryRemove(client, out _);
            Reset(client);
        }
    }

    private static void Reset(TcpClient client)
    {
        try
        {
            client.Client?.LingerState = new LingerOption(true, 0);
            client.Close();
        }
        catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
        {
            // Closed at this very moment.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        Reset();
        await _accepting;
        _stopping.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                if (IsRefusing)
                {
                    Reset(client);
                    continue;
                }

                var server = new TcpClient();
                _clients.TryAdd(client, 0);
                _clients.TryAdd(server, 0);
                await server.ConnectAsync(_target.Host, _target.Port, _stopping.Token);
                _ = PumpAsync(client, server, isFromClient: true);
                _ = PumpAsync(server, client, isFromClient: false);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The broker is down, or the proxy is closed.
            }
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, bool isFromClient)
    {
        try
        {
            var buffer = new byte[16_384];
            while (true)
            {
                var room = isFromClient && BytesPerSecond is { } limit ? Math.Max(1, limit / 10) : buffer.Length;
                var count = await from.GetStream().ReadAsync(buffer.AsMemory(0, Math.Min(room, buffer.Length)), _stopping.Token);
                if (count == 0)
                {
                    break;
                }

                if (!IsBlackhole && (isFromClient || !SwallowsAnswers))
                {
                    await to.GetStream().WriteAsync(buffer.AsMemory(0, count), _stopping.Token);
                }

                if (isFromClient && BytesPerSecond is not null)
                {
                    await Task.Delay(100, _stopping.Token);
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // One side is gone.
        }
        finally
        {
            from.Dispose();
            to.Dispose();
        }
    }
}
