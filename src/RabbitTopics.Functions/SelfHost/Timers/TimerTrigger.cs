using System.Collections.Immutable;
using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Functions.SelfHost.Invocation;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>An invocation by a timer.</summary>
internal sealed class TimerTrigger(string parameter, TimerInfo timer) : FunctionTrigger(parameter, timer)
{
    protected override IReadOnlyDictionary<string, object?> ReadBindingData() => ImmutableDictionary<string, object?>.Empty;
}
