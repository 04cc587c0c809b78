using Microsoft.Azure.Functions.Worker;

namespace RabbitTopics.Tests.MicrosoftApi;

/// <summary>An invocation that has an id and services, and nothing else.</summary>
internal sealed class StubContext(string invocationId, IServiceProvider services) : FunctionContext
{
    public override string InvocationId => invocationId;

    public override IServiceProvider InstanceServices { get; set; } = services;

    public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object>();

    public override string FunctionId => throw new NotSupportedException();

    public override FunctionDefinition FunctionDefinition => throw new NotSupportedException();

    public override BindingContext BindingContext => throw new NotSupportedException();

    public override TraceContext TraceContext => throw new NotSupportedException();

    public override RetryContext RetryContext => throw new NotSupportedException();

    public override IInvocationFeatures Features => throw new NotSupportedException();
}
