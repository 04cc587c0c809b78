using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions;

namespace FunctionApp;

/// <summary>Publishes to the topic <c>test</c> every second.</summary>
public sealed class PublishPerson(TimeProvider time)
{
    [Function(nameof(PublishPerson))]
    [TopicOutput("test")]
    public Person Run([TimerTrigger("* * * * * *")] TimerInfo timer) => new(time.GetUtcNow().ToUnixTimeSeconds(), "张三");
}
