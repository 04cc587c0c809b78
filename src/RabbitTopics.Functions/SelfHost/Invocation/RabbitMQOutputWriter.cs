using System.Collections;
using System.Text;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Messages;
using RabbitTopics.Telemetry;
using RabbitTopics.Topics;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>Writes what a function left in its <c>[RabbitMQOutput]</c> bindings: to the queue of that name by way of the
/// default exchange, persistent, and confirmed by the broker. Each of a collection is a message of its own, as in a Functions host.</summary>
internal sealed class RabbitMQOutputWriter(
    AppBrokers brokers, SettingReferences settings, JsonBody json, IOptions<RabbitTopicsOptions> appOptions)
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
    private Task WriteAsync(RabbitMQBinding output, object value)
    {
        var (body, contentType) = Body(value);
        var broker = brokers.Get(output.ConnectionSetting(appOptions.Value));
        var queue = settings.Resolve(output.QueueName);
        var properties = new BasicProperties { Persistent = true, ContentType = contentType };
        var telemetry = PublishTelemetry.Begin("", queue, properties, body.Length, broker.Endpoint.Uri.Host, broker.Endpoint.Port);
        var publishing = broker.Publisher.PublishAsync("", queue, properties, body, appOptions.Value.PublishTimeout, CancellationToken.None);
        return telemetry?.EndAsync(publishing) ?? publishing;
    }

    private static object? Value(InvocationContext context, string output) => output == FunctionBinding.ReturnName
        ? context.GetInvocationResult().Value
        : context.GetOutputBindings<object>().FirstOrDefault(binding => binding.Name == output)?.Value;

    private (ReadOnlyMemory<byte> Body, string ContentType) Body(object value) => value switch
    {
        string text => (Encoding.UTF8.GetBytes(text), "text/plain"),
        byte[] bytes => (bytes, "application/octet-stream"),
        ReadOnlyMemory<byte> memory => (memory, "application/octet-stream"),
        _ => (json.Write(value), JsonBody.ContentType),
    };
}
