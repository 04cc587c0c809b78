using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>Makes the objects that functions are methods of. Microsoft's activator looks for the constructor each time.</summary>
internal sealed class CachingActivator : IFunctionActivator
{
    private readonly ConcurrentDictionary<Type, ObjectFactory> _factories = new();

    public object? CreateInstance(Type instanceType, FunctionContext context) =>
        _factories.GetOrAdd(instanceType, static type => ActivatorUtilities.CreateFactory(type, Type.EmptyTypes))(context.InstanceServices, null);
}
