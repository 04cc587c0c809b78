using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Options;
using RabbitTopics.Functions.Envelope;
using RabbitTopics.Messages;

namespace RabbitTopics.Functions.Middleware;

/// <summary>Gives every RabbitMQ-triggered invocation its message, with the topic resolved. On the standalone worker the
/// trigger has left it; on Microsoft's host it is rebuilt from the binding data.</summary>
internal sealed class TopicMessageMiddleware(IOptions<RabbitTopicsOptions> options) : IFunctionsWorkerMiddleware
{
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.Features.Get<TopicMessage>() is null
            && BindingDataMessage.Read(context.BindingContext.BindingData, options.Value.TopicHeader) is { } message)
        {
            context.Features.Set(message);
        }

        return next(context);
    }
}
