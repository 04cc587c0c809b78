using Microsoft.Azure.Functions.Worker;

namespace RabbitTopics.StandaloneWorker.Invocation;

/// <summary>The context of one invocation.</summary>
internal sealed class StandaloneFunctionContext(
    StandaloneFunctionDefinition function,
    FunctionTrigger trigger,
    IServiceProvider services,
    CancellationToken cancellationToken) : FunctionContext
{
    public StandaloneFunctionDefinition Function => function;

    public FunctionTrigger Trigger => trigger;

    public override string InvocationId => field ??= Guid.NewGuid().ToString(); // Costs more than the rest of an invocation; few ask for it.

    public override string FunctionId => function.Id;

    public override FunctionDefinition FunctionDefinition => function;

    public override BindingContext BindingContext => field ??= new StandaloneBindingContext(trigger);

    public override TraceContext TraceContext => StandaloneTraceContext.Instance;

    public override RetryContext RetryContext => StandaloneRetryContext.Instance;

    public override IServiceProvider InstanceServices { get; set; } = services;

    public override IDictionary<object, object> Items { get => field ??= new Dictionary<object, object>(); set; }

    public override IInvocationFeatures Features => trigger.Features;

    public override CancellationToken CancellationToken => cancellationToken;

    private sealed class StandaloneBindingContext(FunctionTrigger trigger) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData => trigger.BindingData;
    }

    /// <summary>Empty, as it is on Microsoft's host for RabbitMQ and timer triggers.</summary>
    private sealed class StandaloneTraceContext : TraceContext
    {
        public static readonly StandaloneTraceContext Instance = new();

        public override string TraceParent => "";

        public override string TraceState => "";
    }

    /// <summary>There is no retry inside one delivery.</summary>
    private sealed class StandaloneRetryContext : RetryContext
    {
        public static readonly StandaloneRetryContext Instance = new();

        public override int RetryCount => 0;

        public override int MaxRetryCount => 0;
    }
}
