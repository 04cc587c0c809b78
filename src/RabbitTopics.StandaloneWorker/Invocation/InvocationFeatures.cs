using System.Collections;
using Microsoft.Azure.Functions.Worker;

namespace RabbitTopics.StandaloneWorker.Invocation;

/// <summary>What the parts of an invocation leave for one another, by type.</summary>
internal sealed class InvocationFeatures : IInvocationFeatures
{
    /// <summary>A handful: looking through them is quicker than hashing, and takes less room.</summary>
    private readonly List<KeyValuePair<Type, object>> _features = new(4);

    public void Set<T>(T instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        var feature = new KeyValuePair<Type, object>(typeof(T), instance);
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
        foreach (var (type, feature) in _features)
        {
            if (type == typeof(T))
            {
                return (T)feature;
            }
        }

        return default;
    }

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _features.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
