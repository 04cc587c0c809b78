namespace Microsoft.Azure.Functions.Worker;

/// <summary>What the parts of the worker leave for one another during an invocation, by type.</summary>
public interface IInvocationFeatures : IEnumerable<KeyValuePair<Type, object>>
{
    /// <summary>Leaves an object, in place of one of the same type.</summary>
    /// <typeparam name="T">The type that it is asked for by.</typeparam>
    /// <param name="instance">The object.</param>
    void Set<T>(T instance);

    /// <summary>The object of a type, or null where there is none.</summary>
    /// <typeparam name="T">The type that it was left by.</typeparam>
    T? Get<T>();
}
