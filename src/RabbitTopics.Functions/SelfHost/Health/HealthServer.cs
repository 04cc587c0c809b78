using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace RabbitTopics.Functions.SelfHost.Health;

/// <summary>Answers a GET of a path by what is to be said of it, and refuses the rest. It is Kestrel alone: a web host around it would
/// read settings that are not meant for it (ASPNETCORE_URLS), log and trace each probe, and start later.</summary>
internal sealed class HealthServer : IHttpApplication<HttpContext>, IDisposable
{
    private const int LongestRequest = 8192;

    /// <summary>For a request to arrive, and for its answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>For the requests that are being answered when the server stops.</summary>
    private static readonly TimeSpan Leave = TimeSpan.FromSeconds(1);

    private readonly KestrelServer _kestrel;
    private readonly Func<string, CancellationToken, Task<(int Status, string Text)>> _answer;

    /// <param name="port">Is listened on at every address: IPv6 and IPv4, where the machine has both.</param>
    /// <param name="answer">The status and the text for a path.</param>
    /// <param name="loggers">Kestrel says there what it has refused, at level Debug.</param>
    public HealthServer(int port, Func<string, CancellationToken, Task<(int Status, string Text)>> answer, ILoggerFactory loggers)
    {
        _answer = answer;
        var options = new KestrelServerOptions
        {
            AddServerHeader = false,
            Limits =
            {
                MaxRequestLineSize = LongestRequest,
                MaxRequestHeadersTotalSize = LongestRequest,
                MaxRequestBufferSize = 2 * LongestRequest,
                MaxRequestBodySize = 0,
                KeepAliveTimeout = Patience, // Also that of a connection until its first byte.
                RequestHeadersTimeout = Patience,
            },
        };
        options.ListenAnyIP(port, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        _kestrel = new KestrelServer(Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers), loggers);
    }

    /// <summary>Not to be cancelled: a program that is asked to stop while it starts would end with an error, for no time that is saved.</summary>
    public Task StartAsync() => _kestrel.StartAsync(this, CancellationToken.None);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // Kestrel would wait for a request whose second half is on its way.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Leave);
        await _kestrel.StopAsync(limit.Token);
    }

    public void Dispose() => _kestrel.Dispose();

    HttpContext IHttpApplication<HttpContext>.CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    void IHttpApplication<HttpContext>.DisposeContext(HttpContext context, Exception? exception)
    {
    }

    async Task IHttpApplication<HttpContext>.ProcessRequestAsync(HttpContext context)
    {
        var (status, text) = await AnswerAsync(context);
        var body = Encoding.UTF8.GetBytes($"{text}\n");
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.ContentLength = body.Length;
        context.Response.Headers.Connection = "close";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private async Task<(int Status, string Text)> AnswerAsync(HttpContext context)
    {
        try
        {
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted); // There must be none.
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException refused)
        {
            return (refused.StatusCode, "Ask without a body.");
        }

        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            return (StatusCodes.Status405MethodNotAllowed, "Ask with GET or HEAD.");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(Patience);
        try
        {
            return await _answer(context.Request.Path, limit.Token);
        }
        catch (OperationCanceledException)
        {
            return (StatusCodes.Status503ServiceUnavailable, $"There is no answer after {Patience.TotalSeconds:0} s.");
        }
    }
}
