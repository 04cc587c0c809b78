using System.Collections;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Messages;
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
                await PublishAsync(output.Attribute, value, context.CancellationToken);
            }
        }
    }

    /// <summary>Publishes a value, or each of a collection of them. A <see cref="TopicMessage"/> goes to its own topic.</summary>
    private Task PublishAsync(TopicOutputAttribute output, object value, CancellationToken cancellationToken)
    {
        var options = new PublishOptions
        {
            Exchange = output.Exchange is { } exchange ? settings.Resolve(exchange) : null,
            ConnectionStringSetting = output.ConnectionStringSetting,
        };
        var topic = settings.Resolve(output.Topic);
        return value is IEnumerable items and not (string or byte[] or IDictionary)
            ? Task.WhenAll(items.Cast<object?>().OfType<object>().Select(PublishOneAsync))
            : PublishOneAsync(value);

        Task PublishOneAsync(object item) => publisher.PublishAsync(item is TopicMessage message ? message.Topic : topic, item, options, cancellationToken);
    }
}
