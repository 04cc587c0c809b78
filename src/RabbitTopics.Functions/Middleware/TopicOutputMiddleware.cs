using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Publish;
using RabbitTopics.Settings;

namespace RabbitTopics.Functions.Middleware;

/// <summary>Publishes what a function left for its <c>[TopicOutput]</c>s. It runs inside the invocation, so a publish that
/// fails is a failure of the invocation, and its trigger's message is not settled as done.</summary>
internal sealed class TopicOutputMiddleware(ITopicPublisher publisher, SettingReferences settings) : IFunctionsWorkerMiddleware
{
    private readonly Dictionary<string, IReadOnlyList<TopicOutput>> _outputs = FunctionCatalog.Load()
        .Where(function => function.Outputs.Count > 0)
        .ToDictionary(function => function.Name, function => function.Outputs, StringComparer.OrdinalIgnoreCase);

    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        await next(context);
        if (!_outputs.TryGetValue(context.FunctionDefinition.Name, out var outputs) || context.GetInvocationResult().Value is not { } result)
        {
            return;
        }

        foreach (var output in outputs)
        {
            if (output.Read(result) is { } value)
            {
                var options = new PublishOptions
                {
                    Exchange = output.Attribute.Exchange is { } exchange ? settings.Resolve(exchange) : null,
                    ConnectionStringSetting = output.Attribute.ConnectionStringSetting,
                };
                await publisher.PublishAsync(settings.Resolve(output.Attribute.Topic), value, options, context.CancellationToken);
            }
        }
    }
}
