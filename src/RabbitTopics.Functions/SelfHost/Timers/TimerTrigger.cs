using System.Collections.Immutable;
using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions.SelfHost.Invocation;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>An invocation by a timer.</summary>
internal sealed class TimerTrigger(string parameter, TimerInfo timer) : FunctionTrigger(parameter, timer)
{
    /// <summary>The type of the binding in a function's metadata.</summary>
    public const string BindingType = "timerTrigger";

    protected override IReadOnlyDictionary<string, object?> ReadBindingData() => ImmutableDictionary<string, object?>.Empty;
}
