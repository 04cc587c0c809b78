using System.Diagnostics;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Context.Features;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>The context of one invocation.</summary>
internal sealed class InvocationContext : FunctionContext
{
    public InvocationContext(LoadedFunction function, FunctionTrigger trigger, IServiceProvider services, CancellationToken cancellationToken)
    {
        Function = function;
        Trigger = trigger;
        InstanceServices = services;
        CancellationToken = cancellationToken;
        Features = new InvocationFeatures(this);
    }

    public LoadedFunction Function { get; }

    public FunctionTrigger Trigger { get; }

    /// <summary>The function's arguments; null until they are bound.</summary>
    public FunctionInputBindingResult? Arguments { get; set; }

    /// <summary>Whether a middleware has bound a parameter, and perhaps set it.</summary>
    public bool IsBoundByMiddleware { get; set; }

    public override string InvocationId => field ??= Guid.NewGuid().ToString(); // Costs more than the rest of an invocation; few ask for it.

    public override string FunctionId => Function.Definition.Id;

    public override FunctionDefinition FunctionDefinition => Function.Definition;

    public override BindingContext BindingContext => field ??= new TriggerBindingContext(Trigger);

    public override TraceContext TraceContext => field ??= new ActivityTraceContext(Activity.Current);

    public override RetryContext RetryContext => NoRetryContext.Instance;

    public override IServiceProvider InstanceServices { get; set; }

    public override IDictionary<object, object> Items { get => field ??= new Dictionary<object, object>(); set; }

    public override IInvocationFeatures Features { get; }

    public override CancellationToken CancellationToken { get; }

    private sealed class TriggerBindingContext(FunctionTrigger trigger) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData => trigger.BindingData;
    }

    /// <summary>Empty where nobody listens to activities.</summary>
    private sealed class ActivityTraceContext(Activity? activity) : TraceContext
    {
        public override string TraceParent => activity is { IdFormat: ActivityIdFormat.W3C } ? activity.Id ?? "" : "";

        public override string TraceState => activity?.TraceStateString ?? "";
    }

    /// <summary>There is no retry inside one delivery.</summary>
    private sealed class NoRetryContext : RetryContext
    {
        public static readonly NoRetryContext Instance = new();

        public override int RetryCount => 0;

        public override int MaxRetryCount => 0;
    }
}
