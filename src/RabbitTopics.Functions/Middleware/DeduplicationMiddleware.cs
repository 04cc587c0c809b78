using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Options;
using RabbitTopics.Deduplication;

namespace RabbitTopics.Functions.Middleware;

/// <summary>Lets a function that asks for it see each message once, in a Functions host. Around the topic outputs: a message whose output was not published is
/// not done. Other outputs the host writes when the app is done.</summary>
internal sealed class DeduplicationMiddleware(Deduplicator deduplication, IOptions<RabbitTopicsOptions> app) : IFunctionsWorkerMiddleware
{
    private readonly ConcurrentDictionary<string, bool> _deduplicates = new(StringComparer.OrdinalIgnoreCase);

    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        var function = context.FunctionDefinition.Name;
        return context.GetTopicMessage() is { } message && _deduplicates.GetOrAdd(function, static (name, options) => options.Value.OptionsOf(name).Deduplicate, app)
            ? deduplication.HandleAsync(function, message, context.Features.Get<TopicMessageActions>(), () => next(context), outputsFollow: context.FunctionDefinition.OutputBindings.Count > 0, context.CancellationToken)
            : next(context);
    }
}
