namespace Microsoft.Azure.Functions.Worker;

/// <summary>One invocation of a function: what it is of, what set it off, and what its parts leave for one
/// another.</summary>
public abstract class FunctionContext
{
    /// <summary>The invocation's id; no other has it.</summary>
    public abstract string InvocationId { get; }

    /// <summary>The function's id, the same for every invocation.</summary>
    public abstract string FunctionId { get; }

    /// <summary>The function.</summary>
    public abstract FunctionDefinition FunctionDefinition { get; }

    /// <summary>What the trigger said besides its value.</summary>
    public abstract BindingContext BindingContext { get; }

    /// <summary>The distributed trace that the invocation belongs to.</summary>
    public abstract TraceContext TraceContext { get; }

    /// <summary>How often the host has tried this invocation again.</summary>
    public abstract RetryContext RetryContext { get; }

    /// <summary>The services of this invocation.</summary>
    public abstract IServiceProvider InstanceServices { get; set; }

    /// <summary>Whatever middleware wants to hand on within this invocation.</summary>
    public abstract IDictionary<object, object> Items { get; set; }

    /// <summary>What the parts of the worker leave for one another, by type.</summary>
    public abstract IInvocationFeatures Features { get; }

    /// <summary>Cancelled when the invocation is to end early: the worker stops and no longer waits for it.</summary>
    public virtual CancellationToken CancellationToken => CancellationToken.None;
}
