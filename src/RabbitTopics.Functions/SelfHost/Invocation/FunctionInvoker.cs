using System.Collections;
using System.Diagnostics;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitTopics.Connections;
using RabbitTopics.Telemetry;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>Runs one invocation from start to end: services of its own, Microsoft's pipeline with the app's middleware and the function,
/// then the outputs. It has succeeded when this returns.</summary>
internal sealed class FunctionInvoker(
    IServiceScopeFactory scopes, FunctionExecutionDelegate pipeline, RabbitMQOutputWriter outputs, LogScopeReaders logScopeReaders, ILogger<FunctionInvoker> logger)
{
    private readonly bool _hasLogScope = logScopeReaders.Any;

    public async Task InvokeAsync(LoadedFunction function, FunctionTrigger trigger, CancellationToken cancellationToken)
    {
        var context = new InvocationContext(function, trigger, scopes, cancellationToken);
        var isOfMessage = trigger.MessageProperties is not null; // The consumer has begun its span.
        if (!isOfMessage)
        {
            Activity.Current = null; // A timer's run is of no trace that the app was started in.
        }

        using var own = isOfMessage ? null : Tracing.Source.StartActivity(function.Name);
        if ((own ?? (Activity.Current?.Source == Tracing.Source ? Activity.Current : null)) is { IsAllDataRequested: true } activity)
        {
            activity.SetTag("faas.name", function.Name).SetTag("faas.invocation_id", context.InvocationId).SetTag("faas.trigger", isOfMessage ? "pubsub" : "timer");
        }

        using var logScope = _hasLogScope ? logger.BeginScope(new LogScope(context)) : null;
        try
        {
            await pipeline(context);
            await outputs.WriteAsync(context);
        }
        catch (Exception exception)
        {
            own?.SetTag(Conventions.ErrorType, exception.GetType().FullName).SetStatus(ActivityStatusCode.Error, Secret.Hide(exception.Message));
            throw;
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
