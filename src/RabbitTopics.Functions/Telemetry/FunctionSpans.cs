using System.Diagnostics;
using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Connections;
using RabbitTopics.Telemetry;

namespace RabbitTopics.Functions.Telemetry;

/// <summary>What spans say of the function that ran, and the span of a run that no message set off. Who listens and throws keeps no function from
/// running.</summary>
internal static class FunctionSpans
{
    /// <summary>Says which function a span is of, and what set it off.</summary>
    /// <param name="span">The span; null where nobody listens.</param>
    /// <param name="context">The invocation.</param>
    /// <param name="trigger">The kind of trigger, as OpenTelemetry's conventions name it.</param>
    public static void Describe(Activity? span, FunctionContext context, string trigger)
    {
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("faas.name", context.FunctionDefinition.Name).SetTag("faas.invocation_id", context.InvocationId).SetTag("faas.trigger", trigger);
        }
    }

    /// <summary>Runs a timer function in a span of its own.</summary>
    /// <param name="context">The invocation.</param>
    /// <param name="parent">What it is part of; the default where it begins a trace.</param>
    /// <param name="run">The run.</param>
    public static async Task RunTimerAsync(FunctionContext context, ActivityContext parent, Func<Task> run)
    {
        var span = StartTimer(context, parent);
        Exception? failure = null;
        try
        {
            await run();
        }
        catch (Exception exception)
        {
            failure = exception;
            throw;
        }
        finally
        {
            Tracing.Quietly(() => End(span, failure));
        }
    }

    private static Activity? StartTimer(FunctionContext context, ActivityContext parent)
    {
        var current = Activity.Current;
        try
        {
            var span = Tracing.Source.StartActivity(context.FunctionDefinition.Name, ActivityKind.Internal, parent);
            Describe(span, context, "timer");
            return span;
        }
        catch (Exception)
        {
            Activity.Current = current; // A listener of the app's that throws: the function runs without a span.
            return null;
        }
    }

    private static void End(Activity? span, Exception? failure)
    {
        if (failure is not null)
        {
            span?.SetTag(Conventions.ErrorType, failure.GetType().FullName).SetStatus(ActivityStatusCode.Error, Secret.Hide(failure.Message));
        }

        span?.Stop();
    }
}
