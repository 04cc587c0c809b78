using System.Collections.Immutable;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>A function: its name, code, parameters and bindings.</summary>
public abstract class FunctionDefinition
{
    /// <summary>The id.</summary>
    public abstract string Id { get; }

    /// <summary>The name that <see cref="FunctionAttribute"/> gives.</summary>
    public abstract string Name { get; }

    /// <summary>The method, with its namespace and class.</summary>
    public abstract string EntryPoint { get; }

    /// <summary>The file that holds the method.</summary>
    public abstract string PathToAssembly { get; }

    /// <summary>The parameters, in order.</summary>
    public abstract ImmutableArray<FunctionParameter> Parameters { get; }

    /// <summary>The trigger and what else is read, by the parameter's name.</summary>
    public abstract IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

    /// <summary>What is written: by property name, or <c>$return</c> for the result as a whole.</summary>
    public abstract IImmutableDictionary<string, BindingMetadata> OutputBindings { get; }
}
