using System.Diagnostics;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using RabbitTopics.Functions.Telemetry;
using RabbitTopics.Telemetry;

namespace RabbitTopics.Functions.Middleware;

/// <summary>On Microsoft's host: gives each run of a timer function its span, unless the worker makes one. In an app that hosts itself the invoker
/// does.</summary>
internal sealed class TimerSpanMiddleware : IFunctionsWorkerMiddleware
{
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (!Tracing.Source.HasListeners() || Tracing.SpanOfWorker is not null || !IsTimer(context.FunctionDefinition))
        {
            return next(context);
        }

        _ = ActivityContext.TryParse(context.TraceContext.TraceParent, context.TraceContext.TraceState, isRemote: true, out var hosts);
        return FunctionSpans.RunTimerAsync(context, hosts, () => next(context));
    }

    private static bool IsTimer(FunctionDefinition function) =>
        function.InputBindings.Values.Any(binding => string.Equals(binding.Type, "timerTrigger", StringComparison.OrdinalIgnoreCase));
}
