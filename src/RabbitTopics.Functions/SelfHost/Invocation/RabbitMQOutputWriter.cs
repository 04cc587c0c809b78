using System.Collections;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using RabbitTopics.Connections;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Messages;
using RabbitTopics.Topics;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>Writes what a function left in its <c>[RabbitMQOutput]</c> bindings: to the queue of that name by way of the
/// default exchange, persistent, and confirmed by the broker. Each of a collection is a message of its own, as in a Functions host.</summary>
internal sealed class RabbitMQOutputWriter(ITopicPublisher publisher, SettingReferences settings, JsonBody json, IOptions<RabbitTopicsOptions> app)
{
    public Task WriteAsync(InvocationContext context) => context.Function.Outputs.Count == 0 ? Task.CompletedTask : WriteAllAsync(context);

    private async Task WriteAllAsync(InvocationContext context)
    {
        foreach (var output in context.Function.Outputs)
        {
            if (Value(context, output.Name) is { } value)
            {
                await (value is IEnumerable items && json.IsCollection(items)
                    ? PublishBatch.RunAsync(items.Cast<object?>().OfType<object>(), item => WriteAsync(output, item))
                    : WriteAsync(output, value));
            }
        }
    }

    /// <summary>Writes one message. Whether or not the function's time is over: it has succeeded, and what it leaves is part of that.</summary>
    private Task WriteAsync(RabbitMQBinding output, object value) => publisher.PublishAsync(settings.Resolve(output.QueueName), value, new PublishOptions
    {
        ConnectionStringSetting = output.ConnectionSetting(app.Value),
        Exchange = "",
        AsJson = false,
        Mandatory = true,
        Defaults = PublishDefaults.Persistent | PublishDefaults.ContentType,
    }, CancellationToken.None);

    private static object? Value(InvocationContext context, string output) => output == FunctionBinding.ReturnName
        ? context.GetInvocationResult().Value
        : context.GetOutputBindings<object>().FirstOrDefault(binding => binding.Name == output)?.Value;
}
