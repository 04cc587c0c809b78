using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Azure.WebJobs;
using RabbitTopics.Connections;
using RabbitTopics.Messages;
using RabbitTopics.Topics;

namespace RabbitTopics.WebJobs.Outputs;

/// <summary>Something that a function publishes: bytes, a text, a <see cref="TopicMessage"/> or what becomes JSON.</summary>
internal readonly record struct OutputValue(object Value);

/// <summary>Publishes what a function adds to one of its outputs. A flush, which the host does before the invocation counts as done, waits until the broker
/// has confirmed all of it.</summary>
internal sealed class OutputCollector(RabbitMQAttribute output, ITopicPublisher publisher, JsonBody json, string settingOfApp) : IAsyncCollector<OutputValue>
{
    private const string BytesType = "application/octet-stream";
    private const string TextType = "text/plain";

    private readonly PublishBatch _publishes = new();

    public Task AddAsync(OutputValue item, CancellationToken cancellationToken = default)
    {
        var message = output.Envelope ? EnvelopeJson.Read(Body(item.Value).Body, json) : Message(item.Value);
        // A message that has a topic, as one that was received, goes to the queue all the same. An envelope has its routing key because somebody wrote it there.
        var toQueue = !string.IsNullOrEmpty(output.QueueName) && string.IsNullOrEmpty(output.RoutingKey) && !(output.Envelope && message.Topic.Length > 0);
        var routingKey = toQueue ? output.QueueName : message.Topic.Length > 0 ? message.Topic : output.RoutingKey;
        if (string.IsNullOrEmpty(routingKey))
        {
            throw new InvalidOperationException("A RabbitMQ output names neither a queue nor a routing key. Set 'queueName', or 'exchange' and 'routingKey'.");
        }

        var options = new PublishOptions
        {
            Exchange = toQueue ? "" : string.IsNullOrEmpty(output.Exchange) ? null : output.Exchange,
            ConnectionStringSetting = Broker,
            Mandatory = !output.MayBeUnroutable,
            Defaults = toQueue ? PublishDefaults.Persistent | PublishDefaults.ContentType : PublishDefaults.All,
        };
        return _publishes.AddAsync(message, added => publisher.PublishAsync(routingKey, added, options, cancellationToken));
    }

    public Task FlushAsync(CancellationToken cancellationToken = default) => _publishes.WhenAllAsync();

    private string Broker => BrokerReference.SettingName(
        BrokerReference.Of(output.ConnectionStringSetting, output.HostName, output.UserName, output.Password, output.Port, output.DisableCertificateValidation), settingOfApp);

    private TopicMessage Message(object value)
    {
        if (value is TopicMessage message)
        {
            return message;
        }

        var (body, contentType) = Body(value);
        return new TopicMessage { Topic = "", Body = body, Properties = new MessageProperties { ContentType = contentType } };
    }

    /// <summary>The body, and what it is. A host that runs functions of another process gives bytes for whatever they return.</summary>
    private (ReadOnlyMemory<byte> Body, string ContentType) Body(object value) => value switch
    {
        string text => Body(Encoding.UTF8.GetBytes(text)),
        byte[] bytes => (bytes, IsJsonObject(bytes) ? JsonBody.ContentType : Utf8.IsValid(bytes) ? TextType : BytesType),
        _ => (json.Write(value), JsonBody.ContentType),
    };

    private static bool IsJsonObject(byte[] body)
    {
        if (body.AsSpan().TrimStart(" \t\r\n"u8) is not [(byte)'{' or (byte)'[', ..])
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(body);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
