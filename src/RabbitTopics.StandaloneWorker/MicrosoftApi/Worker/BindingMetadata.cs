namespace Microsoft.Azure.Functions.Worker;

/// <summary>A binding of a function.</summary>
public abstract class BindingMetadata
{
    /// <summary>The parameter or property that is bound, or <c>$return</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The kind of binding, for example <c>rabbitMQTrigger</c>.</summary>
    public abstract string Type { get; }

    /// <summary>Whether it is read or written.</summary>
    public abstract BindingDirection Direction { get; }
}
