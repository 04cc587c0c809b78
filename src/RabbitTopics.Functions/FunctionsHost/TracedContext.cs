using Microsoft.Azure.Functions.Worker;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>The context of an invocation, with the trace of its message. All else is that of the worker's own context, whose trace is the host's and
/// cannot be set.</summary>
internal sealed class TracedContext(FunctionContext context, string traceParent, string traceState) : FunctionContext
{
    public override string InvocationId => context.InvocationId;

    public override string FunctionId => context.FunctionId;

    public override TraceContext TraceContext { get; } = new MessageTrace(context.TraceContext, traceParent, traceState);

    public override BindingContext BindingContext => context.BindingContext;

    public override RetryContext RetryContext => context.RetryContext;

    public override IServiceProvider InstanceServices { get => context.InstanceServices; set => context.InstanceServices = value; }

    public override FunctionDefinition FunctionDefinition => context.FunctionDefinition;

    public override IDictionary<object, object> Items { get => context.Items; set => context.Items = value; }

    public override IInvocationFeatures Features => context.Features;

    public override CancellationToken CancellationToken => context.CancellationToken;

    private sealed class MessageTrace(TraceContext hosts, string traceParent, string traceState) : TraceContext
    {
        public override string TraceParent => traceParent;

        public override string TraceState => traceState;

        public override IReadOnlyDictionary<string, string> Attributes => hosts.Attributes;

        public override IReadOnlyDictionary<string, string> Baggage => hosts.Baggage;
    }
}
