using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Options;
using RabbitTopics.Connections;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.FunctionsHost;
using RabbitTopics.Functions.Telemetry;
using RabbitTopics.Settling;

namespace RabbitTopics.Functions.Middleware;

/// <summary>In a Functions host: gives every RabbitMQ-triggered invocation its message, rebuilt from the binding data and with the topic
/// resolved, and the message's trace. Of Microsoft's extension it settles the message by way of copies; to ours it says how the handling ended. In an app
/// that hosts itself the trigger does all of it.</summary>
internal sealed class TopicMessageMiddleware(HostDeliveries deliveries, InvocationCounts counts, IOptions<RabbitTopicsOptions> app) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        counts.Begin(context.FunctionDefinition.Name);
        try
        {
            if (deliveries.Read(context) is not { } delivery)
            {
                await next(context);
                return;
            }

            context.Features.Set(delivery);
            context.Features.Set(delivery.Message);
            context.Features.Set(delivery.Actions);
            await (delivery is ExtensionDelivery extensions ? TellAsync(context, next, extensions) : SettleAsync(context, next, (MicrosoftDelivery)delivery));
        }
        finally
        {
            counts.End(context.FunctionDefinition.Name);
        }
    }

    /// <summary>Lets our extension know what came out of the handling. Whatever that is, it comes out of here, too: the invocation is what it was.</summary>
    private static async Task TellAsync(FunctionContext context, FunctionExecutionDelegate next, ExtensionDelivery delivery)
    {
        try
        {
            await next(delivery.WithTrace(context));
            await delivery.CloseAsync();
        }
        catch (Exception exception)
        {
            await delivery.TellAsync(Failure(exception));
            throw;
        }
    }

    /// <summary>Returns where the host may acknowledge the message. Throws where it must not: then it publishes the message anew by
    /// its own rule, and counts that in a header that counts as an attempt here, too.</summary>
    private async Task SettleAsync(FunctionContext context, FunctionExecutionDelegate next, MicrosoftDelivery delivery)
    {
        if (delivery.IsTheHostsLast)
        {
            await ParkAsync(context, delivery);
            return;
        }

        var telemetry = delivery.BeginTelemetry(app.Value.LinkTraces);
        FunctionSpans.Describe(telemetry?.Span, context, "pubsub");
        Exception? failure = null;
        try
        {
            await next(delivery.WithTrace(context));
        }
        catch (Exception exception)
        {
            failure = Failure(exception);
        }

        telemetry?.NoteHandled(PoisonMessageException.ReasonOf(failure), Secret.Hide(failure?.Message));
        bool isSettled;
        try
        {
            isSettled = await delivery.TrySettleAsync(failure, context.CancellationToken.IsCancellationRequested);
        }
        finally
        {
            telemetry?.End();
        }

        if (!isSettled)
        {
            deliveries.LeaveToHost(context, delivery);
            throw new HostDeliveryNotSettledException(context.FunctionDefinition.Name, failure);
        }

        if (failure is not null)
        {
            DropOutputs(context);
        }
    }

    /// <summary>The host takes the invocation for one that succeeded, and would write what the attempt has left.</summary>
    private static void DropOutputs(FunctionContext context)
    {
        context.GetInvocationResult().Value = null;
        foreach (var output in context.GetOutputBindings<object>())
        {
            output.Value = null;
        }
    }

    /// <summary>What a failed invocation says of its message. The worker wraps what a function threw in another exception, and reports
    /// a body that does not fit the parameter with an exception of its own.</summary>
    public static Exception Failure(Exception exception) => exception switch
    {
        AggregateException { InnerExceptions: [var only] } => Failure(only),
        FunctionInputConverterException => new PoisonMessageException(exception),
        _ => exception,
    };

    /// <summary>Parks a message without running the function.</summary>
    private static async Task ParkAsync(FunctionContext context, MicrosoftDelivery delivery)
    {
        if (context.FunctionDefinition.InputBindings.Values.FirstOrDefault(binding => string.Equals(binding.Type, RabbitMQBinding.TriggerType, StringComparison.OrdinalIgnoreCase)) is { } trigger)
        {
            await context.BindInputAsync<object>(trigger); // A converter of ours sees the body on the way.
        }

        if (!await delivery.TryParkAsync())
        {
            throw new HostDeliveryNotSettledException(context.FunctionDefinition.Name, null);
        }
    }
}
