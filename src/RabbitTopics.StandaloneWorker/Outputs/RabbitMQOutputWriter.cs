using System.Text;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitTopics.Connection;
using RabbitTopics.Messages;
using RabbitTopics.Settings;
using RabbitTopics.StandaloneWorker.Invocation;
using RabbitTopics.StandaloneWorker.Triggers.RabbitMQ;

namespace RabbitTopics.StandaloneWorker.Outputs;

/// <summary>Writes what a function left in its <c>[RabbitMQOutput]</c> bindings: to the queue of that name by way of the
/// default exchange, persistent, and confirmed by the broker.</summary>
internal sealed class RabbitMQOutputWriter(
    Brokers brokers, SettingReferences settings, JsonBody json, IOptions<RabbitTopicsOptions> appOptions)
{
    public async Task WriteAsync(StandaloneFunctionDefinition function, FunctionBindings bindings, CancellationToken cancellationToken)
    {
        foreach (var output in function.Descriptor.Outputs)
        {
            if (output.Attributes.OfType<RabbitMQOutputAttribute>().FirstOrDefault() is { } attribute
                && bindings.OutputValue(output) is { } value)
            {
                var (body, contentType) = Body(value);
                await RabbitMQBinding.Broker(brokers, attribute, appOptions.Value).Publisher.PublishAsync(
                    "",
                    settings.Resolve(attribute.QueueName!),
                    new BasicProperties { Persistent = true, ContentType = contentType },
                    body,
                    appOptions.Value.PublishTimeout,
                    cancellationToken);
            }
        }
    }

    private (ReadOnlyMemory<byte> Body, string ContentType) Body(object value) => value switch
    {
        string text => (Encoding.UTF8.GetBytes(text), "text/plain"),
        byte[] bytes => (bytes, "application/octet-stream"),
        ReadOnlyMemory<byte> memory => (memory, "application/octet-stream"),
        _ => (json.Write(value), JsonBody.ContentType),
    };
}
