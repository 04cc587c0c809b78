using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using RabbitTopics;
using RabbitTopics.Functions;

namespace FunctionApp;

/// <summary>Shows every message on the exchange, whoever published it.</summary>
public sealed class WatchEverything(ILogger<WatchEverything> logger)
{
    [Function(nameof(WatchEverything))]
    public void Run(
        [RabbitMQTrigger("rabbitmqdemo_watch", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("#")]
        TopicMessage message) =>
        logger.LogInformation("Seen topic {Topic} headers {Headers}", message.Topic,
            string.Join(", ", message.Headers.Select(header => $"{header.Key}={header.Value}")));
}
