using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RabbitTopics.DeadLetters;

namespace RabbitTopics.Tool.Page;

/// <summary>What the page consists of, and what it asks for.</summary>
internal sealed class PageServer(Session session, string[] queues)
{
    /// <summary>How many dead letters are shown. The commands have no such limit.</summary>
    private const int MostShown = 200;

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    public void Map(IEndpointRouteBuilder routes)
    {
        MapFile("/", "index.html", "text/html; charset=utf-8");
        MapFile("/page.css", "page.css", "text/css; charset=utf-8");
        MapFile("/page.js", "page.js", "text/javascript; charset=utf-8");
        MapFile("/icon.svg", "icon.svg", "image/svg+xml");
        MapJson(HttpMethods.Get, "/api/queues", QueuesAsync);
        MapJson(HttpMethods.Get, "/api/dead", LettersAsync);
        MapJson(HttpMethods.Post, "/api/dead/replay", context => ChangeAsync(context, DeadLetterAction.Replay, letter => $"queue '{ParkedMessage.QueueOf(letter)}'"));
        MapJson(HttpMethods.Post, "/api/dead/replay-to-exchange", context => ChangeAsync(context, DeadLetterAction.ReplayToExchange, Origin));
        MapJson(HttpMethods.Post, "/api/dead/delete", context => ChangeAsync(context, DeadLetterAction.Delete, _ => "nowhere"));

        void MapJson(string method, string path, Func<HttpContext, Task<object>> answer) => routes.MapMethods(path, [method], context => AnswerAsync(context, answer));

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

    /// <summary>Answers as JSON; what goes wrong, too.</summary>
    private static async Task AnswerAsync(HttpContext context, Func<HttpContext, Task<object>> answer)
    {
        try
        {
            await context.Response.WriteAsJsonAsync(await answer(context), context.RequestAborted);
        }
        catch (BadHttpRequestException exception) // The body is too large, or was cut short.
        {
            await FailAsync(exception.StatusCode, exception.Message);
        }
        catch (JsonException exception)
        {
            await FailAsync(StatusCodes.Status400BadRequest, $"The request is not as it is to be: {exception.Message}");
        }
        catch (Exception exception) when (Session.IsExpected(exception))
        {
            await FailAsync(StatusCodes.Status502BadGateway, exception.Message);
        }

        async Task FailAsync(int status, string message)
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsJsonAsync(new { Error = message }, context.RequestAborted);
        }
    }

    private static string Origin(DeadLetter letter)
    {
        var (exchange, routingKey) = ParkedMessage.OriginOf(letter);
        return $"exchange '{exchange}' with routing key '{routingKey}'";
    }

    /// <summary>The queues of the command line, and those that the page asks for beside them.</summary>
    private async Task<object> QueuesAsync(HttpContext context)
    {
        var more = context.Request.Query["queue"].OfType<string>().Where(queue => queue.Length > 0).Take(20).ToArray();
        var states = await QueueStates.ReadAsync(session, queues, context.RequestAborted);
        var missing = more.Except(states.Select(state => state.Queue)).ToArray();
        return new
        {
            Broker = session.Broker.Endpoint.ToString(),
            HasRates = session.Management is not null,
            Queues = missing.Length == 0 ? states : [.. states, .. await QueueStates.ReadAsync(session, missing, context.RequestAborted)],
        };
    }

    private async Task<object> LettersAsync(HttpContext context)
    {
        var queue = context.Request.Query["queue"].ToString();
        var view = new LettersView();
        await session.DeadLetters.GoThroughAsync(queue, letter =>
        {
            view.Add(letter);
            return DeadLetterAction.Keep;
        }, new DeadLetterOptions { Most = MostShown }, context.RequestAborted);
        return new { Queue = queue, view.Letters, IsAll = view.Letters.Count < MostShown };
    }

    /// <summary>Does something with the dead letters whose keys the page names; or says what it would.</summary>
    private async Task<object> ChangeAsync(HttpContext context, DeadLetterAction action, Func<DeadLetter, string> target)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new BadHttpRequestException("The request is to be application/json.", StatusCodes.Status415UnsupportedMediaType);
        }

        var change = await context.Request.ReadFromJsonAsync<Change>(Strict, context.RequestAborted) ?? throw new JsonException("It is null.");
        var keys = change.Keys.ToHashSet(StringComparer.Ordinal);
        var targets = new SortedDictionary<string, int>(StringComparer.Ordinal);
        // Not the request's token: a browser that goes away must not end it halfway.
        var summary = await session.DeadLetters.GoThroughAsync(change.Queue, letter =>
        {
            if (!keys.Contains(LettersView.Key(letter)))
            {
                return DeadLetterAction.Keep;
            }

            targets[target(letter)] = targets.GetValueOrDefault(target(letter)) + 1;
            return action;
        }, new DeadLetterOptions { DryRun = change.DryRun }, CancellationToken.None);
        return new { Done = summary.Seen - summary.Kept, Targets = targets };
    }

    private sealed record Change(string Queue, string[] Keys, bool DryRun);
}
