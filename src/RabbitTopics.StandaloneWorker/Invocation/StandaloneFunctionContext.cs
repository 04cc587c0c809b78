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

    public override string InvocationId { get; } = Guid.NewGuid().ToString();

    public override string FunctionId => function.Id;

    public override FunctionDefinition FunctionDefinition => function;

    public override BindingContext BindingContext { get; } = new StandaloneBindingContext(trigger.BindingData);

    public override TraceContext TraceContext { get; } = new StandaloneTraceContext();

    public override RetryContext RetryContext { get; } = new StandaloneRetryContext();

    public override IServiceProvider InstanceServices { get; set; } = services;

    public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object>();

    public override IInvocationFeatures Features => trigger.Features;

    public override CancellationToken CancellationToken => cancellationToken;

    private sealed class StandaloneBindingContext(IReadOnlyDictionary<string, object?> data) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData => data;
    }

    /// <summary>Empty, as it is on Microsoft's host for RabbitMQ and timer triggers.</summary>
    private sealed class StandaloneTraceContext : TraceContext
    {
        public override string TraceParent => "";

        public override string TraceState => "";
    }

    /// <summary>There is no retry inside one delivery.</summary>
    private sealed class StandaloneRetryContext : RetryContext
    {
        public override int RetryCount => 0;

        public override int MaxRetryCount => 0;
    }
}
