namespace RabbitTopics.Telemetry;

/// <summary>The names of OpenTelemetry's semantic conventions for messaging and for RabbitMQ, which are not stable yet
/// (https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/), and those of ours beside them.</summary>
internal static class Conventions
{
    public const string System = "messaging.system";
    public const string RabbitMQ = "rabbitmq";
    public const string OperationName = "messaging.operation.name";
    public const string OperationType = "messaging.operation.type";
    public const string PublishOperation = "publish";
    public const string SendType = "send";
    public const string ProcessOperation = "process";
    public const string Destination = "messaging.destination.name";
    public const string RoutingKey = "messaging.rabbitmq.destination.routing_key";
    public const string DeliveryTag = "messaging.rabbitmq.message.delivery_tag";
    public const string MessageId = "messaging.message.id";
    public const string ConversationId = "messaging.message.conversation_id";
    public const string BodySize = "messaging.message.body.size";
    public const string ServerAddress = "server.address";
    public const string ServerPort = "server.port";
    public const string ErrorType = "error.type";

    public const string Attempt = "rabbittopics.attempt";
    public const string Outcome = "rabbittopics.outcome";
    public const string Queue = "rabbittopics.queue";
    public const string Handler = "rabbittopics.handler";
    public const string ConnectionPurpose = "rabbittopics.connection.purpose";
    public const string Reason = "rabbittopics.dead_letter.reason";

    /// <summary>What stands for the default exchange, whose name is empty.</summary>
    private const string DefaultExchange = "amq.default";

    /// <summary>The name of an exchange where it stands alone.</summary>
    public static string Exchange(string exchange) => exchange.Length == 0 ? DefaultExchange : exchange;

    /// <summary>The destination of a publish, or of what was taken from a queue: <c>EXCHANGE:KEY</c>, <c>EXCHANGE:KEY:QUEUE</c>, without what is
    /// empty or said twice.</summary>
    public static string DestinationOf(string exchange, string routingKey, string queue = "")
    {
        var parts = new[] { exchange, routingKey, queue == routingKey ? "" : queue }.Where(part => part.Length > 0).ToArray();
        return parts.Length == 0 ? DefaultExchange : string.Join(':', parts);
    }
}
