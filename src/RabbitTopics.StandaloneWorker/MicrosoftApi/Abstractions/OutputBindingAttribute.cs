namespace Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

/// <summary>Marks a function, or a property of its result, whose value is written when the function has run.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
public abstract class OutputBindingAttribute : BindingAttribute
{
    /// <summary>Has nothing to set.</summary>
    public OutputBindingAttribute()
    {
    }
}
