namespace RabbitTopics.StandaloneWorker.Discovery;

/// <summary>One output of a function: its result, or one property of its result.</summary>
public sealed class OutputDescriptor
{
    /// <summary>The name of the output that takes the result itself.</summary>
    public const string ReturnName = "$return";

    /// <summary><see cref="ReturnName"/> for the result itself, else the property's name.</summary>
    public required string Name { get; init; }

    /// <summary>The attributes that say where the value goes.</summary>
    public required IReadOnlyList<Attribute> Attributes { get; init; }

    /// <summary>Reads the value from the function's result, which is not null.</summary>
    public required Func<object, object?> Read { get; init; }
}
