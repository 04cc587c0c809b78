using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using RabbitTopics.Functions.Catalog;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>Makes the objects that functions are methods of. Microsoft's activator looks for the constructor each time.</summary>
internal sealed class CachingActivator : IFunctionActivator
{
    private readonly ConcurrentDictionary<Type, ObjectFactory> _factories = new();

    [UnconditionalSuppressMessage("Trimming", "IL2067", Justification = FunctionCatalog.AppIsRooted)]
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = FunctionCatalog.AppIsRooted)]
    public object? CreateInstance(Type instanceType, FunctionContext context) =>
        _factories.GetOrAdd(instanceType, static type => type.GetConstructors().Length == 1
            ? ActivatorUtilities.CreateFactory(type, Type.EmptyTypes)
            : (services, _) => ActivatorUtilities.CreateInstance(services, type))(context.InstanceServices, null); // Which chooses among several.
}
