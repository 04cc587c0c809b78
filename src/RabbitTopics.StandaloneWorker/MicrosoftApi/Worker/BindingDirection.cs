namespace Microsoft.Azure.Functions.Worker;

/// <summary>Whether a binding is read or written.</summary>
public enum BindingDirection
{
    /// <summary>Read, as a trigger is.</summary>
    In = 0,

    /// <summary>Written.</summary>
    Out = 1,
}
