using Microsoft.Azure.Functions.Worker;

namespace RabbitTopics.Functions;

/// <summary>Gives a function the message that it was invoked for.</summary>
public static class FunctionContextExtensions
{
    /// <summary>The message of a RabbitMQ trigger; null for other triggers.</summary>
    public static TopicMessage? GetTopicMessage(this FunctionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<TopicMessage>();
    }
}
