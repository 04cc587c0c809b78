using RabbitTopics.Functions.Catalog;

namespace RabbitTopics.BrokerTests.Functions;

/// <summary>A function with a RabbitMQ trigger, as the catalog has it.</summary>
internal static class TestFunction
{
    public static FunctionDescription On(string queue) => new("F", ((Delegate)Run).Method,
        [new FunctionBinding($$"""{"name":"message","type":"rabbitMQTrigger","direction":"In","queueName":"{{queue}}","connectionStringSetting":"RabbitMQ"}""")]);

    private static void Run(byte[] message)
    {
    }
}
