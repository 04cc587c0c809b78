using Microsoft.Azure.Functions.Worker;

namespace RabbitTopics.StandaloneWorker.Invocation;

/// <summary>What set off an invocation.</summary>
/// <param name="Value">The value for the trigger parameter: a body as <c>ReadOnlyMemory&lt;byte&gt;</c>, or a
/// <see cref="TimerInfo"/>.</param>
/// <param name="BindingData">What the function's binding context shows.</param>
internal sealed record FunctionTrigger(object Value, IReadOnlyDictionary<string, object?> BindingData)
{
    public InvocationFeatures Features { get; } = new();
}
