using System.Collections;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Context.Features;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>What the parts of an invocation leave for one another, by type. Those of Microsoft's worker are made when they are asked
/// for.</summary>
internal sealed class InvocationFeatures(InvocationContext context) : IInvocationFeatures
{
    /// <summary>A handful: looking through them is quicker than hashing, and takes less room.</summary>
    private List<KeyValuePair<Type, object>>? _features;

    private object? _bindings;

    public void Set<T>(T instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        var feature = new KeyValuePair<Type, object>(typeof(T), instance);
        _features ??= [];
        var index = _features.FindIndex(static (known) => known.Key == typeof(T));
        if (index < 0)
        {
            _features.Add(feature);
        }
        else
        {
            _features[index] = feature;
        }
    }

    public T? Get<T>()
    {
        if (_features is not null)
        {
            foreach (var (type, feature) in _features)
            {
                if (type == typeof(T))
                {
                    return (T)feature;
                }
            }
        }

        return (T?)Find(typeof(T));
    }

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => (_features ?? []).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private object? Find(Type type)
    {
        if (type == typeof(IFunctionInputBindingFeature))
        {
            return context.Function.Inputs;
        }

        if (type == WorkerInternals.BindingsKey)
        {
            return _bindings ??= WorkerInternals.NewBindings(context, context.Trigger, context.Trigger);
        }

        if (type == WorkerInternals.ConversionKey)
        {
            context.IsBoundByMiddleware = true; // Nobody but BindInputAsync() asks for it.
            return WorkerInternals.NewConversion(context.InstanceServices);
        }

        return type == typeof(InvocationContext) ? context : context.Trigger.Feature(type);
    }
}
