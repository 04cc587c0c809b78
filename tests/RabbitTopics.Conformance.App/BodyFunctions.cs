using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions;

namespace RabbitTopics.Conformance.App;

/// <summary>One function for each way to take a body.</summary>
public static class BodyFunctions
{
    private const string Results = "%CONFORMANCE_RUN%.seen";

    [Function("Typed")]
    [RabbitMQOutput(QueueName = Results, ConnectionStringSetting = "RabbitMQ")]
    public static Seen Typed(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.typed", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.typed")]
        Item item,
        FunctionContext context) =>
        Seen.From("Typed", context.GetTopicMessage(), $"{item.Id}:{item.Text}");

    [Function("TypedEnvelope")]
    [RabbitMQOutput(QueueName = Results, ConnectionStringSetting = "RabbitMQ")]
    public static Seen TypedEnvelope(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.typed-envelope", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.typed-envelope")]
        TopicMessage<Item> message) =>
        Seen.From("TypedEnvelope", message, $"{message.Value.Id}:{message.Value.Text}");

    [Function("Mixed")]
    [RabbitMQOutput(QueueName = Results, ConnectionStringSetting = "RabbitMQ")]
    public static Seen Mixed(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.mixed", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.mixed")]
        Item item,
        FunctionContext context) =>
        Seen.From("Mixed", context.GetTopicMessage(), $"{item.Id}:{item.Text}");

    [Function("Bytes")]
    [RabbitMQOutput(QueueName = Results, ConnectionStringSetting = "RabbitMQ")]
    public static Seen Bytes(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.bytes", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.bytes")]
        byte[] bytes,
        FunctionContext context) =>
        Seen.From("Bytes", context.GetTopicMessage(), Convert.ToHexString(bytes));

    [Function("Text")]
    [RabbitMQOutput(QueueName = Results, ConnectionStringSetting = "RabbitMQ")]
    public static Seen Text(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.text", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.text")]
        string text,
        FunctionContext context) =>
        Seen.From("Text", context.GetTopicMessage(), text);

    [Function("Envelope")]
    [RabbitMQOutput(QueueName = Results, ConnectionStringSetting = "RabbitMQ")]
    public static Seen Envelope(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.envelope", ConnectionStringSetting = "RabbitMQ")]
        [TopicSubscription("%CONFORMANCE_RUN%.one.*")]
        [TopicSubscription("%CONFORMANCE_RUN%.many.#")]
        TopicMessage message) =>
        Seen.From("Envelope", message, message.Body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
