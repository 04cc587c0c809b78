namespace RabbitTopics.StandaloneWorker.Discovery;

/// <summary>One function, as the source generator found it at compile time: everything the worker needs to bind and
/// invoke it without reflection. Written by generated code only.</summary>
public sealed class FunctionDescriptor
{
    /// <summary>The name given to <c>[Function]</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Namespace, class and method, joined by dots.</summary>
    public required string EntryPoint { get; init; }

    /// <summary>The name of the assembly that holds the method, without its file ending.</summary>
    public required string AssemblyName { get; init; }

    /// <summary>The attributes on the method.</summary>
    public required IReadOnlyList<Attribute> Attributes { get; init; }

    /// <summary>The method's parameters, in order.</summary>
    public required IReadOnlyList<ParameterDescriptor> Parameters { get; init; }

    /// <summary>What the method's result is written to.</summary>
    public required IReadOnlyList<OutputDescriptor> Outputs { get; init; }

    /// <summary>Makes the object that the method is called on from the services of one invocation; returns null for a
    /// static method.</summary>
    public required Func<IServiceProvider, object?> CreateInstance { get; init; }

    /// <summary>Calls the method with its arguments, in order, and awaits it; null stands for no result.</summary>
    public required Func<object?, object?[], ValueTask<object?>> Invoke { get; init; }
}
