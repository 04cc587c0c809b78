using Microsoft.Azure.Functions.Worker;

namespace FunctionApp;

/// <summary>Writes to a queue with the stock output binding every ten seconds.</summary>
public sealed class PublishReminder(TimeProvider time)
{
    [Function(nameof(PublishReminder))]
    [RabbitMQOutput(QueueName = "rabbitmqdemo_test", ConnectionStringSetting = "RabbitMQ")]
    public Person Run([TimerTrigger("*/10 * * * * *")] TimerInfo timer) => new(time.GetUtcNow().ToUnixTimeSeconds(), "李四");
}
