using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace RabbitTopics.Conformance.App;

/// <summary>Functions as Microsoft's documentation writes them, with nothing of ours in them.</summary>
public class StockFunctions(ILogger<StockFunctions> logger, IOptions<StockOptions> options)
{
    private const string Results = "%CONFORMANCE_RUN%.seen";

    /// <summary>A POCO trigger beside binding data, and a result with several outputs.</summary>
    [Function(nameof(StockOrder))]
    public async Task<StockOutputs> StockOrder(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.stock-orders", ConnectionStringSetting = "RabbitMQ")] Item order,
        string routingKey,
        bool redelivered,
        FunctionContext context,
        CancellationToken cancellationToken)
    {
        logger.LogInformation("Order {Id}", order.Id);
        context.GetLogger("Stock").LogInformation("Invocation {Id} of {Function}", context.InvocationId, context.FunctionDefinition.EntryPoint);
        await Task.Delay(1, cancellationToken);
        var value = string.Join('|', order.Id, order.Text, options.Value.Greeting, context.Items["class middleware"], context.Items["delegate middleware"],
            context.Items.ContainsKey("others only"), routingKey, redelivered, Guid.TryParse(context.InvocationId, out _));
        return new StockOutputs { First = new Seen("StockOrder", null, null, null, value, [], 0, false), Second = "second", Nothing = null };
    }

    /// <summary>A static function with a ValueTask, and the body as text.</summary>
    [Function("StockText")]
    [RabbitMQOutput(QueueName = Results, ConnectionStringSetting = "RabbitMQ")]
    public static ValueTask<Seen> StockText(
        [RabbitMQTrigger("%CONFORMANCE_RUN%.stock-text", ConnectionStringSetting = "RabbitMQ")] string text) =>
        ValueTask.FromResult(new Seen("StockText", null, null, null, text, [], 0, false));

    [Function(nameof(StockTimer))]
    [RabbitMQOutput(QueueName = "%CONFORMANCE_RUN%.stock-timers", ConnectionStringSetting = "RabbitMQ")]
    public Seen StockTimer([TimerTrigger("0 */5 * * * *", RunOnStartup = true)] TimerInfo timer)
    {
        if (timer.IsPastDue)
        {
            logger.LogInformation("The timer is running late.");
        }

        return new Seen("StockTimer", null, null, null, $"next {timer.ScheduleStatus?.Next.Minute % 5}", [], 0, false);
    }

    /// <summary>As templates wrote a timer before there was a TimerInfo.</summary>
    [Function(nameof(StockTimerOfItsOwn))]
    [RabbitMQOutput(QueueName = "%CONFORMANCE_RUN%.stock-timers", ConnectionStringSetting = "RabbitMQ")]
    public static Seen StockTimerOfItsOwn([TimerTrigger("0 */5 * * * *", RunOnStartup = true)] MyInfo timer) =>
        new("StockTimerOfItsOwn", null, null, null, $"next {timer.ScheduleStatus?.Next.Minute % 5}", [], 0, false);
}

public class StockOutputs
{
    [RabbitMQOutput(QueueName = "%CONFORMANCE_RUN%.seen", ConnectionStringSetting = "RabbitMQ")]
    public Seen? First { get; set; }

    [RabbitMQOutput(QueueName = "%CONFORMANCE_RUN%.stock-second", ConnectionStringSetting = "RabbitMQ")]
    public string? Second { get; set; }

    [RabbitMQOutput(QueueName = "%CONFORMANCE_RUN%.stock-second", ConnectionStringSetting = "RabbitMQ")]
    public string? Nothing { get; set; }
}

public class StockOptions
{
    public string Greeting { get; set; } = "";
}

public class MyInfo
{
    public MyScheduleStatus? ScheduleStatus { get; set; }

    public bool IsPastDue { get; set; }
}

public class MyScheduleStatus
{
    public DateTime Next { get; set; }
}
