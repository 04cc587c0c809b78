using System.Collections;
using System.Diagnostics;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitTopics.Functions.Telemetry;
using RabbitTopics.Messages;
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
            Activity.Current = null; // It is of no trace that the app was started in.
            return RunTimerAsync(context);
        }

        if (Activity.Current is { } span && span.Source == Tracing.Source) // The consumer has begun it.
        {
            FunctionSpans.Describe(span, context, "pubsub");
        }

        return RunAsync(context);
    }

    /// <summary>Apart from its one caller, so that its closure is made for timers only, and not for each message.</summary>
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

    /// <summary>What each log line of an invocation may show: the invocation, under the names that Microsoft's worker gives it, and the message that it is of.
    /// Each value is read when it is asked for, which may be after the end of the invocation.</summary>
    private sealed class LogScope(InvocationContext context) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        private readonly Delivery? _delivery = (Delivery?)context.Trigger.Feature(typeof(Delivery));

        public int Count => _delivery is null ? 2 : 6;

        public KeyValuePair<string, object?> this[int index] => (index, _delivery) switch
        {
            (0, _) => new("AzureFunctions_InvocationId", context.InvocationId),
            (1, _) => new("AzureFunctions_FunctionName", context.Function.Name),
            (2, { } delivery) => new("Queue", delivery.Queue),
            (3, { } delivery) => new("Topic", delivery.Topic),
            (4, { } delivery) => new("MessageId", delivery.MessageId),
            (5, { } delivery) => new("Attempt", delivery.Attempt),
            _ => throw new ArgumentOutOfRangeException(nameof(index)),
        };

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
        {
            for (var index = 0; index < Count; index++)
            {
                yield return this[index];
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        public override string ToString() => string.Join(' ', this.Select(entry => $"{entry.Key}:{entry.Value}"));
    }
}
