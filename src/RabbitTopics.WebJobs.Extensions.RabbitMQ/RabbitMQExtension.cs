using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Description;
using Microsoft.Azure.WebJobs.Host.Bindings;
using Microsoft.Azure.WebJobs.Host.Config;
using Microsoft.Extensions.Options;
using RabbitTopics.Messages;
using RabbitTopics.WebJobs.Outputs;
using RabbitTopics.WebJobs.Triggers;

namespace RabbitTopics.WebJobs;

/// <summary>Tells the host what its <c>rabbitMQTrigger</c> and <c>rabbitMQ</c> bindings are.</summary>
[Extension("RabbitMQ", "rabbitMQ")]
internal sealed class RabbitMQExtension(QueueTriggers triggers, ITopicPublisher publisher, JsonBody json, IOptions<RabbitTopicsOptions> app) : IExtensionConfigProvider
{
    public void Initialize(ExtensionConfigContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
#pragma warning disable CS0618 // "Not ready for public consumption", and every extension's way in.
        context.AddBindingRule<RabbitMQTriggerAttribute>().BindToTrigger(triggers);
        var output = context.AddBindingRule<RabbitMQAttribute>();
#pragma warning restore CS0618
        output.AddConverter<byte[], OutputValue>(bytes => new OutputValue(bytes));
        output.AddConverter<string, OutputValue>(text => new OutputValue(text));
        output.AddConverter<TopicMessage, OutputValue>(message => new OutputValue(message));
        output.AddOpenConverter<OpenType.Poco, OutputValue>(typeof(PocoConverter<>));
        output.BindToCollector(attribute => new OutputCollector(attribute, publisher, json, app.Value.ConnectionStringSetting));
    }

    private sealed class PocoConverter<T> : Microsoft.Azure.WebJobs.IConverter<T, OutputValue>
    {
        public OutputValue Convert(T input) => new(input!);
    }
}
