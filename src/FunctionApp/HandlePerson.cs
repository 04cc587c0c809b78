using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using RabbitTopics;
using RabbitTopics.Functions;

namespace FunctionApp;

/// <summary>Takes what is published to the topic <c>test</c>, as go-micro's demo does.</summary>
public sealed class HandlePerson(ILogger<HandlePerson> logger)
{
    [Function(nameof(HandlePerson))]
    public void Run(
        [RabbitMQTrigger("rabbitmqdemo_test", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("test")]
        Person person,
        TopicMessage message) =>
        logger.LogInformation("Received {Id} {Name} on topic {Topic}", person.Id, person.Name, message.Topic);
}
