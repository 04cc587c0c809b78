using Microsoft.Azure.Functions.Worker;

namespace RabbitTopics.StandaloneWorker.Invocation;

/// <summary>What set off an invocation.</summary>
/// <param name="Value">The value for the trigger parameter: a body as <c>ReadOnlyMemory&lt;byte&gt;</c>, or a
/// <see cref="TimerInfo"/>.</param>
/// <param name="ReadBindingData">Makes what the function's binding context shows; few look at it.</param>
internal sealed record FunctionTrigger(object Value, Func<IReadOnlyDictionary<string, object?>> ReadBindingData)
{
    public IReadOnlyDictionary<string, object?> BindingData => field ??= ReadBindingData();

    public InvocationFeatures Features { get; } = new();
}
