using System.Collections;
using System.Diagnostics;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitTopics.Functions.Telemetry;
using RabbitTopics.Telemetry;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>Runs one invocation from start to end: services of its own, Microsoft's pipeline with the app's middleware and the function,
/// then the outputs. It has succeeded when this returns.</summary>
internal sealed class FunctionInvoker(
    IServiceScopeFactory scopes, FunctionExecutionDelegate pipeline, RabbitMQOutputWriter outputs, LogScopeReaders logScopeReaders, ILogger<FunctionInvoker> logger)
{
    private readonly bool _hasLogScope = logScopeReaders.Any;

    public Task InvokeAsync(LoadedFunction function, FunctionTrigger trigger, CancellationToken cancellationToken)
    {
        var context = new InvocationContext(function, trigger, scopes, cancellationToken);
        if (trigger.MessageProperties is null)
        {
            return RunTimerAsync(context);
        }

        if (Activity.Current is { } span && span.Source == Tracing.Source) // The consumer has begun it.
        {
            FunctionSpans.Describe(span, context, "pubsub");
        }

        return RunAsync(context);
    }

    private Task RunTimerAsync(InvocationContext context) => FunctionSpans.RunTimerAsync(context, default, () => RunAsync(context));

    private async Task RunAsync(InvocationContext context)
    {
        using var logScope = _hasLogScope ? logger.BeginScope(new LogScope(context)) : null;
        try
        {
            await pipeline(context);
            await outputs.WriteAsync(context);
        }
        finally
        {
            await context.EndAsync();
        }
    }

    /// <summary>What each log line of an invocation may show, under the names that Microsoft's worker gives it. The id is made when it is
    /// read.</summary>
    private sealed class LogScope(InvocationContext context) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public int Count => 2;

        public KeyValuePair<string, object?> this[int index] => index switch
        {
            0 => new("AzureFunctions_InvocationId", context.InvocationId),
            1 => new("AzureFunctions_FunctionName", context.Function.Name),
            _ => throw new ArgumentOutOfRangeException(nameof(index)),
        };

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
        {
            yield return this[0];
            yield return this[1];
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        public override string ToString() => $"AzureFunctions_InvocationId:{context.InvocationId} AzureFunctions_FunctionName:{context.Function.Name}";
    }
}
