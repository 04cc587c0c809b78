using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using RabbitTopics.Functions.FunctionsHost;

namespace RabbitTopics.Tests.Functions;

public sealed class BinaryTriggersTests
{
    [Fact]
    public void Every_RabbitMQ_trigger_asks_for_bytes_and_nothing_else_is_changed()
    {
        const string timer = """{"name":"timer","type":"timerTrigger","direction":"In","schedule":"* * * * * *"}""";
        var function = new DefaultFunctionMetadata
        {
            RawBindings = ["""{"name":"person","type":"rabbitMQTrigger","direction":"In","dataType":"String","queueName":"q"}""", timer],
        };
        var without = new DefaultFunctionMetadata { RawBindings = ["""{"name":"person","type":"RabbitMQTrigger","queueName":"q"}"""] };

        new BinaryTriggers().Transform([function, without, new DefaultFunctionMetadata()]);

        Assert.Equal(["""{"name":"person","type":"rabbitMQTrigger","direction":"In","dataType":"Binary","queueName":"q"}""", timer], function.RawBindings);
        Assert.Equal(["""{"name":"person","type":"RabbitMQTrigger","queueName":"q","dataType":"Binary"}"""], without.RawBindings);
    }
}
