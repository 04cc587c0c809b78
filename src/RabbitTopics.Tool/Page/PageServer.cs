using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace RabbitTopics.Tool.Page;

/// <summary>What the page consists of, and what it asks for.</summary>
/// <param name="session">The connection to the broker.</param>
/// <param name="queues">The queues of the command line; none for all.</param>
/// <param name="stopping">Ends what is being done when the command ends: what was begun is finished.</param>
internal sealed class PageServer(Session session, string[] queues, CancellationToken stopping) : IDisposable
{
    /// <summary>How many dead letters are shown. The commands have no such limit.</summary>
    private const int MostShown = 200;

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    /// <summary>Of two passes at once each would see a part of the queue.</summary>
    private readonly SemaphoreSlim _onePass = new(1);

    public void Map(IEndpointRouteBuilder routes)
    {
        MapFile("/", "index.html", "text/html; charset=utf-8");
        MapFile("/page.css", "page.css", "text/css; charset=utf-8");
        MapFile("/page.js", "page.js", "text/javascript; charset=utf-8");
        MapFile("/icon.svg", "icon.svg", "image/svg+xml");
        MapJson(HttpMethods.Get, "/api/queues", QueuesAsync);
        MapJson(HttpMethods.Get, "/api/dead", LettersAsync);
        MapJson(HttpMethods.Post, "/api/dead/replay", (context, ended) => ChangeAsync(context, DeadLetterAction.Replay, ended));
        MapJson(HttpMethods.Post, "/api/dead/replay-to-exchange", (context, ended) => ChangeAsync(context, DeadLetterAction.ReplayToExchange, ended));
        MapJson(HttpMethods.Post, "/api/dead/delete", (context, ended) => ChangeAsync(context, DeadLetterAction.Delete, ended));

        void MapJson(string method, string path, Func<HttpContext, CancellationToken, Task<object>> answer) => routes.MapMethods(path, [method], context => AnswerAsync(context, answer));

        void MapFile(string path, string name, string type)
        {
            using var stream = typeof(PageServer).Assembly.GetManifestResourceStream(name)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            routes.MapGet(path, context =>
            {
                context.Response.ContentType = type;
                return context.Response.Body.WriteAsync(content, context.RequestAborted).AsTask();
            });
        }
    }

    public void Dispose() => _onePass.Dispose();

    /// <summary>Answers as JSON; what goes wrong, too.</summary>
    private async Task AnswerAsync(HttpContext context, Func<HttpContext, CancellationToken, Task<object>> answer)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        var (status, content) = (StatusCodes.Status200OK, (object?)null);
        try
        {
            content = await answer(context, ended.Token);
        }
        catch (BadHttpRequestException exception) // The body is too large, or was cut short.
        {
            (status, content) = (exception.StatusCode, Error(exception.Message));
        }
        catch (JsonException exception)
        {
            (status, content) = (StatusCodes.Status400BadRequest, Error($"The request is not as it is to be: {exception.Message}"));
        }
        catch (Exception exception) when (Session.IsExpected(exception))
        {
            (status, content) = (StatusCodes.Status502BadGateway, Error(exception.Message));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            (status, content) = (StatusCodes.Status503ServiceUnavailable, Error("'rabbittopics ui' is ending. What was begun is done; the rest stays where it is."));
        }

        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(content, MessageJson.Options, context.RequestAborted);

        static object Error(string message) => new { Error = message };
    }

    /// <summary>The queues of the command line, and those that the page asks for beside them.</summary>
    private async Task<object> QueuesAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var more = context.Request.Query["queue"].OfType<string>().Where(queue => queue.Length > 0);
        await session.WaitForBrokerAsync(cancellationToken);
        var isAll = queues.Length == 0 && session.Management is not null;
        var states = await QueueStates.ReadAsync(session, isAll ? [] : [.. queues.Union(more)], cancellationToken);
        return new
        {
            Broker = session.Broker.Endpoint.ToString(),
            HasRates = session.Management is not null,
            Queues = isAll ? [.. states, .. more.Except(states.Select(state => state.Queue)).Select(name => new QueueState(name, Exists: false, null, null, null, null))] : states,
        };
    }

    private async Task<object> LettersAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var queue = context.Request.Query["queue"].ToString();
        var view = new LettersView();
        await GoThroughAsync(queue, letter =>
        {
            view.Add(letter);
            return DeadLetterAction.Keep;
        }, new DeadLetterOptions { Most = MostShown }, cancellationToken);
        return new { view.Letters, IsAll = view.Letters.Count < MostShown };
    }

    /// <summary>Does something with the dead letters whose keys the page names, as many of each as it names, and then looks at no more.</summary>
    private async Task<object> ChangeAsync(HttpContext context, DeadLetterAction action, CancellationToken cancellationToken)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new BadHttpRequestException("The request is to be application/json.", StatusCodes.Status415UnsupportedMediaType);
        }

        var change = await context.Request.ReadFromJsonAsync<Change>(Strict, cancellationToken) ?? throw new JsonException("It is null.");
        var missing = change.Keys.CountBy(key => key).ToDictionary();
        var left = change.Keys.Length;
        // A browser that goes away does not end it halfway.
        using var isDone = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        try
        {
            await GoThroughAsync(change.Queue, letter =>
            {
                var key = LettersView.Key(letter);
                if (left == 0 || missing.GetValueOrDefault(key) == 0)
                {
                    return DeadLetterAction.Keep;
                }

                missing[key]--;
                if (--left == 0)
                {
                    isDone.Cancel();
                }

                return action;
            }, new DeadLetterOptions(), isDone.Token);
        }
        catch (OperationCanceledException) when (left == 0)
        {
            // All of them are found, and what was begun is finished.
        }

        return new { Done = change.Keys.Length - left };
    }

    private async Task GoThroughAsync(string queue, Func<DeadLetter, DeadLetterAction> decide, DeadLetterOptions options, CancellationToken cancellationToken)
    {
        if (queue.Length == 0)
        {
            throw new BadHttpRequestException("Name a queue.");
        }

        await session.WaitForBrokerAsync(cancellationToken);
        await _onePass.WaitAsync(cancellationToken);
        try
        {
            await session.DeadLetters.GoThroughAsync(queue, decide, options, cancellationToken);
        }
        finally
        {
            _onePass.Release();
        }
    }

    private sealed record Change(string Queue, string[] Keys);
}
